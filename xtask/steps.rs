//! The steps of each command, in order. A step that fails ends the run at once.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::{cache, reference, servers};

const CARGO_DENY: &str = "0.20.2";
const CARGO_MACHETE: &str = "0.9.2";
const HELM: &str = "4.3.1";
const KUBECONFORM: &str = "0.8.0";
const PROMETHEUS: &str = "0.316.0";

/// Tests that ran, over all steps.
#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
    skipped: u64,
}

type Step = (&'static str, fn(&mut Tally) -> Result<(), String>);

/// What CI checks, the quick and cheap first.
const STEPS: &[Step] = &[
    ("format", format),
    ("clippy", clippy),
    ("doc", doc),
    ("resource reference", resource_reference),
    ("unused dependencies", machete),
    ("licences and sources", deny),
    ("tests", tests),
    ("backends", backends),
    ("clusters", clusters),
    ("protocols", protocols),
    ("conformance", conformance),
    ("terraform", terraform_round_trip),
    ("cloud-init", cloud_init),
    ("checkov", checkov),
    ("charts", charts),
];

/// Everything that CI checks.
pub fn test(only: Option<&str>) -> Result<(), String> {
    let mut tally = Tally::default();
    let mut ran = 0;
    for (name, step) in STEPS.iter().filter(|(name, _)| only.is_none_or(|only| name.contains(only))) {
        println!("== {name}");
        let began = Instant::now();
        let result = step(&mut tally);
        println!(
            "== {name}: {} in {:.0} s",
            if result.is_ok() { "ok" } else { "FAILED" },
            began.elapsed().as_secs_f64()
        );
        if let Err(reason) = result {
            println!("{} passed, {} failed, {} skipped", tally.passed, tally.failed.max(1), tally.skipped);
            return Err(format!("{name}: {reason}"));
        }
        ran += 1;
    }
    if ran == 0 {
        return Err(format!(
            "no step is called so; there are {}",
            STEPS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
        ));
    }
    println!("{} passed, {} failed, {} skipped", tally.passed, tally.failed, tally.skipped);
    Ok(())
}

fn format(_: &mut Tally) -> Result<(), String> {
    cache::run(cargo().args(["fmt", "--all", "--check"]))
}

fn clippy(_: &mut Tally) -> Result<(), String> {
    cache::run(cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--quiet",
        "--",
        "--deny",
        "warnings",
    ]))
}

fn doc(_: &mut Tally) -> Result<(), String> {
    cache::run(
        cargo().args(["doc", "--workspace", "--no-deps", "--locked", "--quiet"]).env("RUSTDOCFLAGS", "--deny warnings"),
    )
}

/// Whether docs/resources is what the schemas make of it.
fn resource_reference(_: &mut Tally) -> Result<(), String> {
    reference::check(&root())
}

/// docs/resources, made anew.
pub fn docs() -> Result<(), String> {
    reference::write(&root())
}

fn machete(_: &mut Tally) -> Result<(), String> {
    let program = cache::cargo_tool("cargo-machete", CARGO_MACHETE)?;
    cache::run(Command::new(program).arg(root()))
}

fn deny(_: &mut Tally) -> Result<(), String> {
    let program = cache::cargo_tool("cargo-deny", CARGO_DENY)?;
    // Advisories need a database that is on no package registry; they are checked where it can be had.
    cache::run(Command::new(program).current_dir(root()).args([
        "--log-level",
        "error",
        "check",
        "bans",
        "licenses",
        "sources",
    ]))
}

fn tests(tally: &mut Tally) -> Result<(), String> {
    counted(cargo().args(["test", "--workspace", "--locked", "--no-fail-fast"]), tally)
}

/// What states promise that lie in an object store or a database, against real ones.
fn backends(tally: &mut Tally) -> Result<(), String> {
    let servers = servers::Servers::start(&root(), &target().join("backends"))?;
    let mut test = cargo();
    // The whole workspace, as the tests build it: a part of it would have its dependencies compiled anew.
    test.args(["test", "--workspace", "--locked", "--test", "backends"]);
    counted(test.envs(servers.variables()), tally)
}

/// A real Kubernetes behind the sandbox's clusters, built with Go, and what stacks and Argo CD make in it.
fn clusters(tally: &mut Tally) -> Result<(), String> {
    servers::redis()?;
    // The whole workspace, as the tests build it. One at a time: each starts a control plane.
    let mut test = cargo();
    test.args([
        "test",
        "--workspace",
        "--locked",
        "--test",
        "control_plane",
        "--test",
        "outside",
        "--test",
        "clusters",
        "--test",
        "applications",
    ]);
    let kubectl = cache::python(&root().join("tests/cluster/requirements.txt"))?.with_file_name("kubectl");
    counted(test.env("KUBECTL", kubectl).args(["--", "--test-threads=1"]), tally)
}

fn conformance(tally: &mut Tally) -> Result<(), String> {
    counted(&mut pytest("tests/conformance")?, tally)
}

/// What the conformance tests see of the simulator's surface, as its page and lists have it.
pub fn surface() -> Result<(), String> {
    cache::run(pytest("tests/conformance")?.env("FATHUSS_UPDATE", "1"))
}

fn terraform_round_trip(tally: &mut Tally) -> Result<(), String> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err("PyPI has Terraform and its AWS provider for Linux on x86-64 only: run this step there".to_owned());
    }
    counted(&mut pytest("tests/terraform")?, tally)
}

fn cloud_init(tally: &mut Tally) -> Result<(), String> {
    counted(&mut pytest("tests/cloud_init")?, tally)
}

fn checkov(tally: &mut Tally) -> Result<(), String> {
    counted(&mut pytest("tests/checkov")?, tally)
}

/// The charts of helm/, by Helm itself, Kubernetes' schemas and Prometheus' own tests of rules.
fn charts(tally: &mut Tally) -> Result<(), String> {
    let mut pytest = python_tests("tests/charts")?;
    pytest.env("HELM", cache::go_tool("helm", "helm.sh/helm/v4/cmd/helm", HELM)?);
    pytest.env(
        "KUBECONFORM",
        cache::go_tool("kubeconform", "github.com/yannh/kubeconform/cmd/kubeconform", KUBECONFORM)?,
    );
    let promtool = cache::go_tool("promtool", "github.com/prometheus/prometheus/cmd/promtool", PROMETHEUS)?;
    counted(pytest.env("PROMTOOL", promtool), tally)
}

/// A folder of Python tests against the program, in an environment of what the folder pins.
fn pytest(folder: &str) -> Result<Command, String> {
    let mut pytest = python_tests(folder)?;
    // The whole workspace, as the tests build it: a part of it would have its dependencies compiled anew.
    cache::run(cargo().args(["build", "--workspace", "--locked", "--quiet", "--bins"]))?;
    let programs = target().join("debug");
    pytest.env("FATHUSS", programs.join("fathuss")).env("FATHUSS_STACKS", programs.join("fathuss-stacks"));
    Ok(pytest)
}

/// A folder of Python tests that need no program of ours, in an environment of what the folder pins.
fn python_tests(folder: &str) -> Result<Command, String> {
    let folder = root().join(folder);
    let mut pytest = Command::new(cache::python(&folder.join("requirements.txt"))?);
    pytest.args(["-m", "pytest", "-q", "-p", "no:cacheprovider"]).arg(&folder);
    pytest.env("FATHUSS_CACHE", cache::folder()?);
    Ok(pytest)
}

/// AWS's own protocol tests, run against the simulator's codec.
fn protocols(tally: &mut Tally) -> Result<(), String> {
    let python = cache::python(&root().join("tests/conformance/requirements.txt"))?;
    let cache = cache::folder()?;
    let prepare = root().join("xtask/protocol_suites.py");
    cache::run(Command::new(python).arg("-B").arg(prepare).arg("--cache").arg(&cache))?;
    // The whole workspace, as the tests build it: a part of it would have its dependencies compiled anew.
    cache::run(cargo().args(["build", "--workspace", "--locked", "--quiet", "--example", "protocol_suites"]))?;
    let program = target().join("debug").join("examples").join("protocol_suites");
    counted(Command::new(program).arg(cache.join("protocols").join("suites.json")), tally)
}

/// The long runs of which `test` takes a sample.
pub fn sweep() -> Result<(), String> {
    let servers = servers::Servers::start(&root(), &target().join("backends"))?;
    let mut test = cargo();
    // Our own crates optimised, and the SDK as the tests have it: that takes an hour to be optimised, and does little here.
    test.env("CARGO_PROFILE_DEV_OPT_LEVEL", "2");
    test.args([
        "test",
        "--workspace",
        "--locked",
        "--test",
        "simulation",
        "--test",
        "lifecycle",
        "--test",
        "kill_sweep",
        "--test",
        "sigkill_sweep",
        "--",
        "--nocapture",
    ]);
    cache::run(test.env("FATHUSS_SWEEP", "full").envs(servers.variables()))
}

/// As many requests of every kind to the simulator as so many seconds hold, for each property.
pub fn fuzz(seconds: &str) -> Result<(), String> {
    if seconds.parse::<u64>().is_err() {
        return Err(format!("{seconds} is no number of seconds"));
    }
    let mut test = cargo();
    // The simulator alone needs no SDK, so that an optimised build is quick; what is checked while testing stays on.
    test.args([
        "test",
        "--release",
        "--locked",
        "--package",
        "fathuss-simulator",
        "--test",
        "fuzz",
        "--",
        "--nocapture",
    ]);
    test.env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true").env("CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS", "true");
    cache::run(test.env("FATHUSS_FUZZ_SECONDS", seconds))
}

/// The figures of docs/figures.md.
pub fn bench() -> Result<(), String> {
    let built = ["--package", "fathuss", "--package", "fathuss-stacks", "--package", "fathuss-tests"];
    let whole = ["build", "--release", "--locked", "--quiet", "--bins", "--example", "many", "--example", "throughput"];
    cache::run(cargo().args(whole).args(built).args(["--package", "fathuss-simulator"]))?;
    let release = target().join("release");
    let mut bench = cargo();
    bench.args(["bench", "--locked", "--quiet", "--package", "fathuss-tests", "--bench", "figures"]);
    bench.env("FATHUSS", release.join("fathuss"));
    bench.env("FATHUSS_STACKS", release.join("fathuss-stacks"));
    bench.env("FATHUSS_MANY", release.join("examples").join("many"));
    cache::run(&mut bench)?;
    let throughput = release.join("examples").join("throughput");
    cache::run(Command::new(throughput).env("FATHUSS", release.join("fathuss")))
}

/// The README's pictures: the screen of a run of staging while it goes on, and staging as a graph.
pub fn pictures() -> Result<(), String> {
    // The whole workspace, as the tests build it: a part of it would have its dependencies compiled anew.
    let build = ["build", "--workspace", "--locked", "--bins", "--example", "terminal_picture"];
    cache::run(cargo().args(build))?;
    let programs = target().join("debug");
    // A project of its own, so that the checkout's sandbox stays as it is; its stack program is built already.
    let folder = target().join("pictures");
    let written = |error: std::io::Error| format!("{}: {error}", folder.display());
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(written)?;
    }
    std::fs::create_dir_all(&folder).map_err(written)?;
    let manifest = std::fs::read_to_string(root().join("fathuss.toml")).map_err(written)?;
    let program = format!("program = [{:?}]", programs.join("fathuss-stacks"));
    let lines = manifest.lines().map(|line| if line.starts_with("program = ") { program.as_str() } else { line });
    std::fs::write(folder.join("fathuss.toml"), lines.collect::<Vec<_>>().join("\n")).map_err(written)?;

    // Whom staging lets in.
    let mut before = Command::new(programs.join("fathuss"));
    cache::run(before.current_dir(&folder).args(["apply", "staging-account", "--sandbox", "--yes"]))?;

    let docs = root().join("docs");
    let path = std::env::join_paths(
        std::iter::once(programs.clone()).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    );
    let mut screen = Command::new(programs.join("examples").join("terminal_picture"));
    screen.current_dir(&folder).env("PATH", path.map_err(|error| error.to_string())?);
    screen.env("LC_ALL", "C.UTF-8").env_remove("NO_COLOR").arg("96x56");
    // Some minutes in, when the long ones are under way.
    screen.arg(format!("{}=  4:3", docs.join("apply.svg").display()));
    cache::run(screen.arg("fathuss apply staging --sandbox --no-cluster --speed 60"))?;

    let mut graph = Command::new(programs.join("fathuss"));
    let graph = graph.current_dir(&folder).args(["graph", "staging", "--format", "svg"]).output().map_err(written)?;
    if !graph.status.success() {
        return Err(String::from_utf8_lossy(&graph.stderr).into_owned());
    }
    std::fs::write(docs.join("staging.svg"), graph.stdout).map_err(written)
}

/// A table that is made from a pinned package of others: the script says which.
pub fn table(name: &str) -> Result<(), String> {
    let script = root().join("xtask").join(name).with_extension("py");
    cache::run(Command::new("python3").arg(script).env("FATHUSS_CACHE", cache::folder()?))
}

fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root());
    // What Cargo tells this program of itself is asked for by build scripts, which would run anew, and their crates be
    // built anew, whenever somebody builds without `xtask` in between.
    let told = std::env::vars_os().map(|(name, _)| name).filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
    });
    for name in told {
        cargo.env_remove(name);
    }
    cargo
}

/// The checkout: Cargo's word at run time, since checkouts that share a target folder share this program too.
fn root() -> PathBuf {
    let package =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    package.parent().map(Path::to_owned).unwrap_or_default()
}

/// Cargo's target folder.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Runs a test runner, shows what it prints and adds up its closing lines.
fn counted(command: &mut Command, tally: &mut Tally) -> Result<(), String> {
    let words = format!("{command:?}");
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|error| format!("{words}: {error}"))?;
    let stdout = child.stdout.take().ok_or("the runner has no output")?;
    let before = tally.passed + tally.failed;
    for line in BufReader::new(stdout).lines() {
        let line = line.map_err(|error| format!("{words}: {error}"))?;
        println!("{line}");
        tally.add(&line);
    }
    let status = child.wait().map_err(|error| format!("{words}: {error}"))?;
    if !status.success() {
        return Err(format!("{words}: {status}"));
    }
    if tally.passed + tally.failed == before {
        return Err(format!("{words}: ran no test"));
    }
    Ok(())
}

impl Tally {
    /// A closing line of cargo test (`test result: ok. 3 passed; 0 failed; 1 ignored; ...`) or pytest (`3 passed, 1 skipped in 0.1s`).
    fn add(&mut self, line: &str) {
        let pytest = line.contains(" in ") && line.trim_end().ends_with(['s', ')', '=']);
        if !line.starts_with("test result:") && !pytest {
            return;
        }
        let words: Vec<&str> = line.split([' ', ';', ',', '.']).filter(|word| !word.is_empty()).collect();
        for pair in words.windows(2) {
            let Ok(count) = pair[0].parse::<u64>() else { continue };
            match pair[1] {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" | "skipped" => self.skipped += count,
                _ => {}
            }
        }
    }
}
