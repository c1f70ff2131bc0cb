//! Whether the process that holds a lock is still there.
//!
//! The decision is a pure function of facts; [`Process::of`] and
//! [`Process::seen`] gather them from `/proc`. Where there is no such folder,
//! nothing is known and a lock is never taken over.

use std::fs;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What tells a process from every other one, past and present.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Process {
    /// Its number, within its namespace.
    pub(crate) pid: u32,
    /// When it started, in clock ticks since its machine booted.
    pub(crate) started: Option<u64>,
    /// The namespace of its number: a container has one of its own.
    pub(crate) namespace: Option<String>,
    /// The boot of the machine it runs on.
    pub(crate) boot: Option<String>,
    /// The machine: its id and its name.
    pub(crate) machine: Option<String>,
}

/// What there is now under a process's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// No process, or one that has ended and is not yet reaped.
    Nothing,
    /// A process that started then, in clock ticks since boot.
    Running { started: u64 },
    /// It can't be told.
    Unknown,
}

/// Whether the holder is certainly dead, judged from `here`, where its number shows what was `seen`.
///
/// A number says something only within one namespace of one boot. After a
/// reboot nothing of before runs any more. Whatever is in doubt is alive.
pub(crate) fn is_dead(holder: &Process, here: &Process, seen: Seen) -> bool {
    let same = |left: &Option<String>, right: &Option<String>| left.is_some() && left == right;
    if !same(&holder.namespace, &here.namespace) {
        return false;
    }
    if !same(&holder.boot, &here.boot) {
        let both_known = holder.boot.is_some() && here.boot.is_some();
        return both_known && same(&holder.machine, &here.machine);
    }
    match seen {
        Seen::Nothing => true,
        Seen::Running { started } => holder.started.is_some_and(|before| before != started),
        Seen::Unknown => false,
    }
}

impl Process {
    /// The facts about a process of this machine.
    pub(crate) fn of(pid: u32) -> Self {
        let started = match Self::seen(pid) {
            Seen::Running { started } => Some(started),
            Seen::Nothing | Seen::Unknown => None,
        };
        let namespace = fs::read_link("/proc/self/ns/pid").ok().map(|target| target.to_string_lossy().into_owned());
        let machine = word("/etc/machine-id")
            .and_then(|id| word("/proc/sys/kernel/hostname").map(|host_name| format!("{id} {host_name}")));
        Self { pid, started, namespace, boot: word("/proc/sys/kernel/random/boot_id"), machine }
    }

    /// What there is now under this number.
    pub(crate) fn seen(pid: u32) -> Seen {
        match fs::read_to_string(format!("/proc/{pid}/stat")) {
            Ok(stat) => parse_stat(&stat),
            Err(_) if fs::exists("/proc/self/stat").unwrap_or(false) => Seen::Nothing,
            Err(_) => Seen::Unknown,
        }
    }
}

/// Reads `/proc/PID/stat`: proc_pid_stat(5) has the state third and the start time 22nd.
fn parse_stat(stat: &str) -> Seen {
    // The second is the program's name in parentheses, which may hold spaces and parentheses.
    let mut fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_ascii_whitespace();
    match (fields.next(), fields.nth(18).and_then(|ticks| ticks.parse().ok())) {
        (Some("Z" | "X"), _) => Seen::Nothing,
        (_, Some(started)) => Seen::Running { started },
        (_, None) => Seen::Unknown,
    }
}

fn word(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let word = text.trim();
    (!word.is_empty()).then(|| word.to_owned())
}

/// A moment and how long ago it was, both in milliseconds since 1970, for people.
pub(crate) fn since(since_ms: i64, now_ms: i64) -> String {
    let moment = Timestamp::from_millisecond(since_ms)
        .map_or_else(|_| format!("{since_ms} ms"), |moment| moment.strftime("%Y-%m-%d %H:%M:%S UTC").to_string());
    let seconds = now_ms.saturating_sub(since_ms) / 1000;
    let (count, unit) = match seconds {
        i64::MIN..0 => return moment,
        0..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        86_400.. => (seconds / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{moment}, {count} {unit}{plural} ago")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process() -> Process {
        Process {
            pid: 41,
            started: Some(1000),
            namespace: Some("pid:[1]".to_owned()),
            boot: Some("b1".to_owned()),
            machine: Some("m1 host".to_owned()),
        }
    }

    #[test]
    fn a_process_that_is_gone_is_dead() {
        assert!(is_dead(&process(), &process(), Seen::Nothing));
    }

    #[test]
    fn a_process_that_runs_is_alive_and_one_with_its_number_alone_is_not_it() {
        assert!(!is_dead(&process(), &process(), Seen::Running { started: 1000 }));
        assert!(is_dead(&process(), &process(), Seen::Running { started: 1001 }));
        let unknown_start = Process { started: None, ..process() };
        assert!(!is_dead(&unknown_start, &process(), Seen::Running { started: 1001 }));
    }

    #[test]
    fn a_number_of_another_container_or_machine_says_nothing() {
        for elsewhere in [
            Process { namespace: Some("pid:[2]".to_owned()), ..process() },
            Process { namespace: None, ..process() },
            Process { boot: None, ..process() },
            Process { boot: Some("b2".to_owned()), machine: Some("m2 host".to_owned()), ..process() },
            Process { boot: Some("b2".to_owned()), machine: None, ..process() },
        ] {
            assert!(!is_dead(&elsewhere, &process(), Seen::Nothing), "{elsewhere:?}");
        }
        assert!(!is_dead(&process(), &process(), Seen::Unknown));
    }

    #[test]
    fn nothing_survives_a_reboot() {
        let before = Process { boot: Some("b0".to_owned()), ..process() };
        assert!(is_dead(&before, &process(), Seen::Running { started: 1000 }));
    }

    #[test]
    fn a_stat_line_reads_whatever_the_program_is_called() {
        let line = |state: &str| format!("41 (a) b (c)) {state} 1 41 41 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 777 9 9");
        assert_eq!(parse_stat(&line("S")), Seen::Running { started: 777 });
        assert_eq!(parse_stat(&line("Z")), Seen::Nothing);
        assert_eq!(parse_stat("nonsense"), Seen::Unknown);
    }

    #[test]
    fn this_process_is_seen_running_since_its_start() {
        let here = Process::of(std::process::id());
        assert!(here.started.is_some());
        assert!(!is_dead(&here, &here, Process::seen(here.pid)));
    }

    #[test]
    fn a_moment_is_told_in_words() {
        assert_eq!(since(1_767_225_600_000, 1_767_225_600_000 + 720_000), "2026-01-01 00:00:00 UTC, 12 minutes ago");
        assert_eq!(since(1_767_225_600_000, 1_767_225_601_000), "2026-01-01 00:00:00 UTC, 1 second ago");
        assert_eq!(since(1_767_225_600_000, 0), "2026-01-01 00:00:00 UTC");
    }
}
