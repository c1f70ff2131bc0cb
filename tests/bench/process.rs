//! One command measured from outside: its time, and the memory of the largest process that it was or started.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often memory is looked at. The system keeps each process's peak, so only what grows in a process's last
/// such moment is missed.
const LOOK: Duration = Duration::from_millis(2);

/// What a command took and said.
pub struct Measured {
    /// From its start to its exit.
    pub seconds: f64,
    /// The largest process's peak, in MB of 1,000,000 bytes.
    pub megabytes: f64,
    /// Its standard output.
    pub output: String,
}

impl Measured {
    /// The last line of its output as JSON.
    pub fn last_line(&self) -> Result<serde_json::Value, String> {
        let line = self.output.lines().last().unwrap_or_default();
        serde_json::from_str(line).map_err(|error| format!("its last line is no JSON: {error}: {line}"))
    }
}

/// Runs a command that must succeed.
pub fn measure(program: &Path, words: &[&str], folder: &Path) -> Result<Measured, String> {
    let failed = |reason: String| format!("{} {}: {reason}", program.display(), words.join(" "));
    let began = Instant::now();
    let child = Command::new(program)
        .args(words)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let (id, over) = (child.id(), AtomicBool::new(false));
    let (answer, seconds, kibibytes) = std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut peak = 0;
            while !over.load(Ordering::Relaxed) {
                peak = peak.max(peak_of(id));
                std::thread::sleep(LOOK);
            }
            peak
        });
        let answer = child.wait_with_output();
        let seconds = began.elapsed().as_secs_f64();
        over.store(true, Ordering::Relaxed);
        (answer, seconds, watch.join().unwrap_or_default())
    });
    let answer = answer.map_err(|error| failed(error.to_string()))?;
    if !answer.status.success() {
        return Err(failed(format!("{}\n{}", answer.status, String::from_utf8_lossy(&answer.stderr))));
    }
    let output = String::from_utf8_lossy(&answer.stdout).into_owned();
    Ok(Measured { seconds, megabytes: kibibytes as f64 * 1024.0 / 1e6, output })
}

/// The largest peak among a process and those below it, in KiB; 0 where the system does not say.
fn peak_of(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let own = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0);
    let children = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    children.split(' ').filter_map(|child| child.parse().ok()).map(peak_of).fold(own, u64::max)
}

/// Several values of one figure.
pub struct Spread {
    least: f64,
    median: f64,
    most: f64,
}

impl Spread {
    /// Of at least one value.
    pub fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
        Self { least: at(0), median: at(sorted.len() / 2), most: at(sorted.len().saturating_sub(1)) }
    }

    /// The median, and the range behind it.
    pub fn show(&self, unit: &str, digits: usize) -> String {
        let Self { least, median, most } = self;
        format!("{median:.digits$}{unit} ({least:.digits$} to {most:.digits$})")
    }
}
