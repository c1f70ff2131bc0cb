//! What the steps install, kept outside the checkout and keyed by its exact version.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder for everything that is installed or built besides the target folder.
pub fn folder() -> Result<PathBuf, String> {
    let base = match (std::env::var_os("XDG_CACHE_HOME"), std::env::var_os("HOME")) {
        (Some(cache), _) if !cache.is_empty() => PathBuf::from(cache),
        (_, Some(home)) => PathBuf::from(home).join(".cache"),
        _ => return Err("neither XDG_CACHE_HOME nor HOME says where caches go".to_owned()),
    };
    Ok(base.join("fathuss"))
}

/// A Rust program from crates.io in exactly this version; installed if it is not there yet.
pub fn cargo_tool(name: &str, version: &str) -> Result<PathBuf, String> {
    let root = folder()?.join("tools").join(format!("{name}-{version}"));
    let program = root.join("bin").join(name);
    if !program.exists() {
        println!("installing {name} {version}");
        let mut install = Command::new(env!("CARGO"));
        install.args(["install", "--quiet", "--locked", "--version", version, "--root"]).arg(&root).arg(name);
        // Its build must not touch the project's target folder.
        install.env("CARGO_TARGET_DIR", folder()?.join("tools").join("target"));
        run(&mut install)?;
    }
    Ok(program)
}

/// A Go program of a module in exactly this version; installed if it is not there yet.
pub fn go_tool(name: &str, package: &str, version: &str) -> Result<PathBuf, String> {
    let bin = folder()?.join("tools").join(format!("{name}-{version}")).join("bin");
    let program = bin.join(name);
    if !program.exists() {
        println!("installing {name} {version}");
        let mut install = Command::new("go");
        install.args(["install", &format!("{package}@v{version}")]).env("GOBIN", &bin);
        run(&mut install).map_err(|reason| format!("{reason}: is Go installed?"))?;
    }
    Ok(program)
}

/// The Python of a virtual environment that holds exactly what a requirements file pins.
pub fn python(requirements: &Path) -> Result<PathBuf, String> {
    let text = std::fs::read_to_string(requirements).map_err(|error| format!("{}: {error}", requirements.display()))?;
    let root = folder()?.join("python").join(format!("{:016x}", fingerprint(text.as_bytes())));
    let program = root.join("bin").join("python");
    let complete = root.join("complete");
    if !complete.exists() {
        println!("installing {}", requirements.display());
        let made = Command::new("python3").args(["-m", "venv", "--clear"]).arg(&root).status();
        match made {
            Ok(status) if status.success() => {}
            Ok(status) => return Err(format!("python3 -m venv failed ({status}): Debian has it in python3-venv")),
            Err(error) => return Err(format!("python3 is missing ({error}): install Python 3.10 or later")),
        }
        run(Command::new(&program)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
            .arg(requirements))?;
        std::fs::write(&complete, "").map_err(|error| format!("{}: {error}", complete.display()))?;
    }
    Ok(program)
}

/// Runs a command to its end; what it prints is shown.
pub fn run(command: &mut Command) -> Result<(), String> {
    let words = format!("{command:?}");
    let status = command.status().map_err(|error| format!("{words}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{words}: {status}")) }
}

/// FNV-1a: names a folder, protects nothing.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
