//! The machine that was measured on.

use std::process::Command;

/// Processor, cores, memory, system and compiler, in a line.
pub fn facts() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let after = |text: &str, key: &str| {
        let line = text.lines().find(|line| line.starts_with(key))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let processor = after(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = after(&read("/proc/meminfo"), "MemTotal").unwrap_or_else(|| "unknown".to_owned());
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default();
    let rustc = Command::new("rustc").arg("--version").output();
    let rustc = rustc.map(|found| String::from_utf8_lossy(&found.stdout).trim().to_owned()).unwrap_or_default();
    let build = if cfg!(debug_assertions) { "no release build" } else { "release build" };
    format!(
        "{processor}, {cores} cores, memory {memory}, {} {}, {rustc}, {build}, load {load}",
        std::env::consts::OS,
        std::env::consts::ARCH
    )
}
