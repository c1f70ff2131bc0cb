//! Another process: this test program again, running one ignored test of it.

use std::path::Path;
use std::process::{Command, Stdio};

/// Where the parent tells its child which state is meant.
const STATE: &str = "FATHUSS_TEST_STATE";

/// The command that runs the ignored test `name` on the state at `path`.
pub fn playing(name: &str, path: &Path) -> Command {
    playing_from(&std::env::current_exe().expect("this program"), name, path)
}

/// As [`playing`], from a copy of this program.
pub fn playing_from(program: &Path, name: &str, path: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(["--exact", name, "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(STATE, path).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// In the child: the state that the parent means.
pub fn state() -> std::path::PathBuf {
    std::env::var_os(STATE).expect("a test that another one starts").into()
}
