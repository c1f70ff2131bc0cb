//! A project in a temporary folder, and the program run in it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use fathuss_model::{Result, Stack};
use tempfile::TempDir;

use crate::demo::ACCOUNT;

/// The program under test, which Cargo builds before this.
pub const FATHUSS: &str = env!("CARGO_BIN_EXE_fathuss");

/// A project with one stack, `demo`, whose program is `stack.sh`.
pub struct Project {
    folder: TempDir,
}

impl Project {
    /// A project whose stack is this one.
    pub fn of(stack: fn(&mut Stack) -> Result<()>) -> Self {
        let project = Self::empty();
        let manifest = format!(
            "program = [\"sh\", \"stack.sh\"]\n\n[stacks.demo]\nregion = \"us-east-1\"\naccount = \"{ACCOUNT}\"\n"
        );
        project.write("fathuss.toml", &manifest);
        project.declare(stack);
        project
    }

    /// A folder without anything in it.
    pub fn empty() -> Self {
        // Lines are broken by their length: the folder's name is as long on every machine.
        Self { folder: tempfile::tempdir_in("/tmp").expect("there is room for a folder") }
    }

    /// From here on the stack is this one: the edit of a program.
    pub fn declare(&self, stack: fn(&mut Stack) -> Result<()>) {
        self.declare_as("demo", stack);
    }

    /// From here on the stack of that name is this one.
    pub fn declare_as(&self, name: &str, stack: fn(&mut Stack) -> Result<()>) {
        let mut printed = Vec::new();
        fathuss_model::program::run(&[(name, stack)], &[name.to_owned()], &mut printed).expect("it is memory");
        self.write(&format!("{name}.json"), std::str::from_utf8(&printed).expect("it is JSON"));
        self.program("cat \"$1.json\"");
    }

    /// A further stack of the project.
    pub fn add(&self, name: &str, stack: fn(&mut Stack) -> Result<()>) {
        let entry = format!("\n[stacks.{name}]\nregion = \"us-east-1\"\naccount = \"{ACCOUNT}\"\n");
        self.write("fathuss.toml", &(self.read("fathuss.toml") + &entry));
        self.declare_as(name, stack);
    }

    /// From here on the stack program is this script.
    pub fn program(&self, script: &str) {
        self.write("stack.sh", script);
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        std::fs::create_dir_all(path.parent().expect("it lies in the folder")).expect("there is room");
        std::fs::write(path, text).expect("there is room");
    }

    pub fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    /// `fathuss` with these words, split at blanks, and nothing of this machine's environment but its programs.
    pub fn command(&self, words: &str) -> Command {
        let mut command = Command::new(FATHUSS);
        command.args(words.split_whitespace()).current_dir(self.root()).stdin(Stdio::null()).env_clear();
        for (name, value) in self.environment() {
            command.env(name, value);
        }
        command
    }

    /// What the program sees of the environment.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let path = std::env::var("PATH").expect("there are programs");
        let home = self.path("home").display().to_string();
        let mut known =
            vec![("PATH", path), ("HOME", home), ("USER", "mia".to_owned()), ("LC_ALL", "C.UTF-8".to_owned())];
        known.push(("AWS_EC2_METADATA_DISABLED", "true".to_owned()));
        // Rust that was installed by rustup finds itself by these.
        for (name, folder) in [("RUSTUP_HOME", ".rustup"), ("CARGO_HOME", ".cargo")] {
            let real = std::env::var(name).ok();
            let real = real.or_else(|| Some(format!("{}/{folder}", std::env::var("HOME").ok()?)));
            known.extend(real.map(|real| (name, real)));
        }
        known
    }

    /// Runs `fathuss` with these words to its end.
    pub fn run(&self, words: &str) -> Ran {
        self.end(words, self.command(words))
    }

    /// Runs a command to its end.
    pub fn end(&self, words: &str, mut command: Command) -> Ran {
        let output = command.output().unwrap_or_else(|error| panic!("{words}: {error}"));
        Ran::new(words, output)
    }

    /// What state the sandbox's stack has, as addresses.
    pub fn addresses(&self) -> Vec<String> {
        let listed = self.run("state list demo --sandbox");
        assert_eq!(listed.code, Some(0), "{listed}");
        listed.stdout.lines().map(str::to_owned).collect()
    }
}

/// How a run of the program ended. Shown, it is what stood on the screen.
pub struct Ran {
    pub words: String,
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub fn new(words: &str, output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("what is printed is text");
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        Self { words: words.to_owned(), code: output.status.code(), stdout, stderr }
    }

    /// Itself, where it ended so.
    #[track_caller]
    pub fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        // Nothing that goes wrong may look like a defect of the program.
        assert!(!self.stderr.contains("panicked at src/"), "{self}");
        self
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "$ fathuss {}", self.words)?;
        write!(f, "{}", self.stdout)?;
        if !self.stderr.is_empty() {
            write!(f, "--- standard error\n{}", self.stderr)?;
        }
        match self.code {
            Some(0) => Ok(()),
            Some(code) => writeln!(f, "--- exit status {code}"),
            None => writeln!(f, "--- killed"),
        }
    }
}

/// Compares what was shown with a snapshot, in which what differs from run to run has a word in brackets.
macro_rules! assert_shown {
    ($project:expr, $($shown:expr),+ $(,)?) => {{
        let text = [$($shown.to_string()),+].join("\n");
        $crate::project::settings(&$project).bind(|| insta::assert_snapshot!(text));
    }};
}
pub(crate) use assert_shown;

/// A text in one line: where it was broken depends on the length of a folder's or a machine's name.
pub fn flat(text: impl fmt::Display) -> String {
    text.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How snapshots are compared.
pub fn settings(project: &Project) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let root = std::fs::canonicalize(project.root()).expect("it is there");
    for folder in [project.root(), &root] {
        settings.add_filter(&regex_of(&folder.display().to_string()), "[PROJECT]");
    }
    for (varies, word) in VARIES {
        settings.add_filter(varies, *word);
    }
    settings
}

/// What differs from run to run.
const VARIES: &[(&str, &str)] = &[
    (r"\b(vpc|subnet|igw|rtb|rtbassoc|nat|eipalloc|acl|dopt|sg|r)-[0-9a-f]{8,17}(\d*)", "$1-[ID]"),
    (r"thread 'main' \(\d+\)", "thread 'main' ([ID])"),
    (r"request [0-9a-f-]{36}", "request [ID]"),
    (r"process \d+", "process [PID]"),
    (r"mia@[\w.-]+", "mia@[HOST]"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, \d+ (seconds?|minutes?) ago", "[TIME]"),
    (r"\b[0-9a-f]{1,7}-1[0-9a-f]{10}\b", "[LOCK]"),
    (r": is [0-9a-f]{32}", ": is [ID]"),
    (r"([0-9]+ min( [0-9.]+ s)?|[0-9.]+ s) real", "[TIME] real"),
    (r"([0-9]+ min( [0-9.]+ s)?|[0-9.]+ s) simulated", "[TIME] simulated"),
    (r"calls?, ([0-9]+ min( [0-9.]+ s)?|[0-9.]+ s)", "calls, [TIME]"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:[PORT]"),
];

fn regex_of(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '/' { c.to_string() } else { format!("\\{c}") }).collect()
}
