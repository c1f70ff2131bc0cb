//! The programs that a simulated cluster runs, built on demand from the Go modules in go/, which are part of
//! this library. What was built is kept in a cache under a name that follows from its sources and flags, so a
//! program is built once per machine, and again only when it changed.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use tokio::io::AsyncBufReadExt as _;
use tokio::process::Command;

use crate::Error;

/// Builds and finds the programs of simulated clusters.
#[derive(Debug, Clone)]
pub struct Programs {
    cache: PathBuf,
    path: OsString,
}

/// One Go module of ours, and so one program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// etcd, kube-apiserver, kube-controller-manager and kube-scheduler.
    ControlPlane,
    /// kwok, in the place of kubelets.
    Kwok,
    /// Helm, for a machine that has none of its own.
    Helm,
    /// Argo CD.
    ArgoCd,
    /// The controller of Argo Rollouts.
    ArgoRollouts,
    /// The custom resource definitions of others' charts. There is no program in it.
    Definitions,
}

/// A program that was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    folder: PathBuf,
    name: &'static str,
}

/// What a build has come to, told about once a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being built.
    pub part: Part,
    /// How far it is.
    pub step: Step,
    /// How long it has taken so far.
    pub elapsed: Duration,
}

/// How far a build is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Another process is building: it is waited for.
    Waiting,
    /// It is being compiled.
    Building,
    /// It is there. What was built before is told with no time elapsed.
    Built,
}

/// The Kubernetes version of every simulated cluster. An older one is emulated by it.
pub(crate) const KUBERNETES: &str = "1.35.4";

impl Programs {
    /// Keeps what is built in `cache`, and looks for `go`, `helm` and the like in the folders of `path`, a
    /// PATH as the environment has it.
    pub fn new(cache: impl Into<PathBuf>, path: impl Into<OsString>) -> Self {
        Self { cache: cache.into(), path: path.into() }
    }

    /// The program of `part`, built first if it is not there. Only one process builds at a time; another that
    /// wants the same waits and then finds it.
    ///
    /// Dropping the future ends the build; nothing half-built is ever found.
    ///
    /// # Errors
    /// When there is no Go, or one that is too old, or the build fails.
    pub async fn build(&self, part: Part, mut progress: impl FnMut(Progress)) -> Result<Program, Error> {
        if let Some(program) = self.built(part) {
            progress(Progress { part, step: Step::Built, elapsed: Duration::ZERO });
            return Ok(program);
        }
        let go = self.go(part).await?;
        let began = Instant::now();
        let folder = self.folder(part);
        let programs = self.cache.join("programs");
        std::fs::create_dir_all(&programs).map_err(Error::file(&programs))?;

        let lock_path = programs.join("lock");
        let lock = std::fs::File::create(&lock_path).map_err(Error::file(&lock_path))?;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(std::fs::TryLockError::WouldBlock) => {
                    progress(Progress { part, step: Step::Waiting, elapsed: began.elapsed() });
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                Err(std::fs::TryLockError::Error(source)) => return Err(Error::File { path: lock_path, source }),
            }
        }
        if self.built(part).is_none() {
            let building = programs.join(format!("building-{}", part.module().name));
            // What a killed build left: the lock says that no one is using it.
            remove_folder(&building)?;
            self.compile(part, &go, &building, began, &mut progress).await?;
            std::fs::rename(&building, &folder).map_err(Error::file(&folder))?;
        }
        progress(Progress { part, step: Step::Built, elapsed: began.elapsed() });
        Ok(Program { folder, name: part.module().name })
    }

    /// The program of `part`, if it was built before.
    #[must_use]
    pub fn built(&self, part: Part) -> Option<Program> {
        let program = Program { folder: self.folder(part), name: part.module().name };
        program.path().exists().then_some(program)
    }

    /// Those of `parts` that are not built, and have to be: none for Helm where the user has one.
    #[must_use]
    pub fn unbuilt(&self, parts: &[Part]) -> Vec<Part> {
        let has = |part: Part| self.built(part).is_some() || (part == Part::Helm && self.find("helm").is_some());
        parts.iter().copied().filter(|part| !has(*part)).collect()
    }

    /// Whether there is what builds `parts`.
    ///
    /// # Errors
    /// When there is no Go, or one that is too old.
    pub async fn can_build(&self, parts: &[Part]) -> Result<(), Error> {
        let newest = |one: Part, other: Part| match is_older(one.module().go_version(), other.module().go_version()) {
            true => other,
            false => one,
        };
        match self.unbuilt(parts).into_iter().reduce(newest) {
            Some(part) => self.go(part).await.map(drop),
            None => Ok(()),
        }
    }

    /// The user's own Helm where there is one, or else ours, built first if need be.
    ///
    /// # Errors
    /// As [`Programs::build`].
    pub async fn helm(&self, progress: impl FnMut(Progress)) -> Result<PathBuf, Error> {
        if let Some(helm) = self.find("helm") {
            return Ok(helm);
        }
        Ok(self.build(Part::Helm, progress).await?.path())
    }

    /// The files of the custom resource definitions that come with `part`, sorted. None where it brings none or is not built.
    ///
    /// # Errors
    /// When the cache can't be read.
    pub fn crds(&self, part: Part) -> Result<Vec<PathBuf>, Error> {
        self.copied_crds(part, CRDS)
    }

    /// The same of one chart, where [`Part::Definitions`] is built.
    pub(crate) fn chart_crds(&self, chart: &str) -> Result<Vec<PathBuf>, Error> {
        self.copied_crds(Part::Definitions, &format!("{DEFINITIONS}/{chart}"))
    }

    fn copied_crds(&self, part: Part, into: &str) -> Result<Vec<PathBuf>, Error> {
        let Some(program) = self.built(part) else { return Ok(Vec::new()) };
        let folder = program.folder.join(into);
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(Error::file(&folder))? {
            files.push(entry.map_err(Error::file(&folder))?.path());
        }
        files.sort();
        Ok(files)
    }

    /// Where a program is, of those on PATH.
    pub(crate) fn find(&self, program: &str) -> Option<PathBuf> {
        find(&self.path, program)
    }

    /// PATH, for the programs that look for others there.
    pub(crate) fn path(&self) -> &OsString {
        &self.path
    }

    fn folder(&self, part: Part) -> PathBuf {
        let module = part.module();
        self.cache.join("programs").join(format!("{}-{}", module.name, module.digest()))
    }

    /// Finds a compiler that can build `part`.
    async fn go(&self, part: Part) -> Result<PathBuf, Error> {
        let module = part.module();
        let needed = module.go_version();
        let go = self.find("go").ok_or_else(|| Error::NoGo { what: module.what, needed: needed.to_owned() })?;
        let output = Command::new(&go)
            .args(["env", "GOVERSION", "GOTOOLCHAIN"])
            // A folder without a go.mod, so that the answer is about `go` itself.
            .current_dir(go.parent().unwrap_or(Path::new("/")))
            .stdin(Stdio::null())
            .output()
            .await
            .map_err(Error::file(&go))?;
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut lines = answer.lines();
        let found = lines.next().unwrap_or_default().trim_start_matches("go");
        let fetches_newer = lines.next().is_some_and(|toolchain| toolchain != "local");
        if fetches_newer || !is_older(found, needed) {
            return Ok(go);
        }
        Err(Error::OldGo { what: module.what, needed: needed.to_owned(), found: found.to_owned() })
    }

    async fn compile(
        &self,
        part: Part,
        go: &Path,
        building: &Path,
        began: Instant,
        progress: &mut impl FnMut(Progress),
    ) -> Result<(), Error> {
        let module = part.module();
        let sources = building.join("source");
        std::fs::create_dir_all(&sources).map_err(Error::file(&sources))?;
        for (name, content) in module.sources {
            let path = sources.join(name);
            std::fs::File::create(&path)
                .and_then(|mut file| file.write_all(content.as_bytes()))
                .map_err(Error::file(&path))?;
        }

        let mut build = Command::new(go);
        match module.package {
            Some(package) => {
                build.args(["build", "-trimpath", "-ldflags"]).arg(module.link_flags()).arg("-o");
                build.arg(building.join(module.name)).arg(package)
            }
            None => build.args(["mod", "download"]),
        };
        let mut tell = || progress(Progress { part, step: Step::Building, elapsed: began.elapsed() });
        self.run(build, &sources, module, &mut tell).await?;

        for origin in module.crds {
            let mut list = Command::new(go);
            list.args(["list", "-m", "-f", "{{.Dir}}", origin.module]);
            let folder = self.run(list, &sources, module, &mut tell).await?;
            copy_crds(&Path::new(folder.trim()).join(origin.folder), &building.join(origin.into))?;
        }
        for link in module.links {
            let path = building.join(link);
            std::os::unix::fs::symlink(module.name, &path).map_err(Error::file(path))?;
        }
        Ok(())
    }

    /// Runs `go` to its end and gives what it wrote to its standard output.
    async fn run(
        &self,
        mut command: Command,
        folder: &Path,
        module: &Module,
        tell: &mut impl FnMut(),
    ) -> Result<String, Error> {
        let mut child = command
            .current_dir(folder)
            .env("PATH", &self.path)
            // The user's own workspace file or flags are about the user's modules.
            .env("GOWORK", "off")
            .env("GOFLAGS", "-buildvcs=false")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(Error::file(folder))?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let mut lines = stderr.map(|stderr| tokio::io::BufReader::new(stderr).lines());
        let mut written = Vec::<String>::new();
        let mut clock = tokio::time::interval(Duration::from_secs(1));
        let output = async {
            let mut text = String::new();
            if let Some(mut stdout) = stdout {
                let _ = tokio::io::AsyncReadExt::read_to_string(&mut stdout, &mut text).await;
            }
            text
        };
        let ended = async { (child.wait().await, output.await) };
        tokio::pin!(ended);
        let (status, output) = loop {
            let line = async {
                match &mut lines {
                    Some(lines) => lines.next_line().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                done = &mut ended => break done,
                _ = clock.tick() => tell(),
                line = line => match line {
                    Ok(Some(line)) if line.starts_with("go: downloading") => {}
                    Ok(Some(line)) => written.push(line),
                    Ok(None) | Err(_) => lines = None,
                },
            }
        };
        while let Some(Ok(Some(line))) = match &mut lines {
            Some(lines) => Some(lines.next_line().await),
            None => None,
        } {
            written.push(line);
        }
        let status = status.map_err(Error::file(folder))?;
        if status.success() {
            return Ok(output);
        }
        let last = written.split_off(written.len().saturating_sub(20));
        Err(Error::Build { what: module.what, output: last.join("\n") })
    }
}

/// Where a program is, of those in the folders of `path`, a PATH as the environment has it.
#[must_use]
pub fn find(path: &OsStr, program: &str) -> Option<PathBuf> {
    std::env::split_paths(path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

impl Program {
    /// The executable file.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.join(self.name)
    }

    /// The executable file under another of its names: some programs choose by it what they are.
    pub(crate) fn link(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Part {
    /// What a person calls it.
    #[must_use]
    pub fn what(self) -> &'static str {
        self.module().what
    }

    fn module(self) -> &'static Module {
        match self {
            Self::ControlPlane => &CONTROL_PLANE,
            Self::Kwok => &KWOK,
            Self::Helm => &HELM,
            Self::ArgoCd => &ARGO_CD,
            Self::ArgoRollouts => &ARGO_ROLLOUTS,
            Self::Definitions => &CHART_DEFINITIONS,
        }
    }
}

/// A Go module in go/, and what is made of it.
struct Module {
    /// Its folder in go/, and the program's name.
    name: &'static str,
    what: &'static str,
    /// The package with the `main`. Without one, modules are fetched alone.
    package: Option<&'static str>,
    /// Names and contents of its files.
    sources: &'static [(&'static str, &'static str)],
    /// Package variables that hold the version, or a chart's check of it fails.
    versions: &'static [(&'static str, &'static str)],
    /// Other names that the program goes by.
    links: &'static [&'static str],
    crds: &'static [CrdOrigin],
}

/// The module and its folder in which custom resource definitions come, and where they are copied to.
struct CrdOrigin {
    module: &'static str,
    folder: &'static str,
    into: &'static str,
}

/// The folder of the definitions that come with a program.
const CRDS: &str = "crds";

/// The folder of [`Part::Definitions`], in which each chart has one.
const DEFINITIONS: &str = "definitions";

static CONTROL_PLANE: Module = Module {
    name: "control-plane",
    what: "the control plane",
    package: Some("."),
    sources: &[
        ("go.mod", include_str!("go/control-plane/go.mod")),
        ("go.sum", include_str!("go/control-plane/go.sum")),
        ("main.go", include_str!("go/control-plane/main.go")),
        ("etcd.go", include_str!("go/control-plane/etcd.go")),
        ("keeper.go", include_str!("go/control-plane/keeper.go")),
        ("child_linux.go", include_str!("go/control-plane/child_linux.go")),
        ("child_other.go", include_str!("go/control-plane/child_other.go")),
    ],
    versions: &[
        ("k8s.io/component-base/version.gitVersion", "v1.35.4"),
        ("k8s.io/component-base/version.gitMajor", "1"),
        ("k8s.io/component-base/version.gitMinor", "35"),
        ("k8s.io/component-base/version.gitTreeState", "clean"),
        ("k8s.io/client-go/pkg/version.gitVersion", "v1.35.4"),
    ],
    links: &[],
    crds: &[],
};

static KWOK: Module = Module {
    name: "kwok",
    what: "kwok",
    package: Some("sigs.k8s.io/kwok/cmd/kwok"),
    sources: &[("go.mod", include_str!("go/kwok/go.mod")), ("go.sum", include_str!("go/kwok/go.sum"))],
    versions: &[("sigs.k8s.io/kwok/pkg/consts.Version", "v0.7.0")],
    links: &[],
    crds: &[],
};

static HELM: Module = Module {
    name: "helm",
    what: "Helm",
    package: Some("helm.sh/helm/v4/cmd/helm"),
    sources: &[("go.mod", include_str!("go/helm/go.mod")), ("go.sum", include_str!("go/helm/go.sum"))],
    versions: &[("helm.sh/helm/v4/internal/version.version", "v4.3.1")],
    links: &[],
    crds: &[],
};

static ARGO_CD: Module = Module {
    name: "argo-cd",
    what: "Argo CD",
    package: Some("github.com/argoproj/argo-cd/v3/cmd"),
    sources: &[("go.mod", include_str!("go/argo-cd/go.mod")), ("go.sum", include_str!("go/argo-cd/go.sum"))],
    versions: &[("github.com/argoproj/argo-cd/v3/common.version", "3.2.11")],
    links: &["argocd-application-controller", "argocd-repo-server", "argocd-server", "argocd"],
    crds: &[CrdOrigin { module: "github.com/argoproj/argo-cd/v3", folder: "manifests/crds", into: CRDS }],
};

static ARGO_ROLLOUTS: Module = Module {
    name: "argo-rollouts",
    what: "Argo Rollouts",
    package: Some("github.com/argoproj/argo-rollouts/cmd/rollouts-controller"),
    sources: &[
        ("go.mod", include_str!("go/argo-rollouts/go.mod")),
        ("go.sum", include_str!("go/argo-rollouts/go.sum")),
    ],
    versions: &[("github.com/argoproj/argo-rollouts/utils/version.version", "v1.10.1")],
    links: &[],
    crds: &[CrdOrigin { module: "github.com/argoproj/argo-rollouts", folder: "manifests/crds", into: CRDS }],
};

static CHART_DEFINITIONS: Module = Module {
    name: DEFINITIONS,
    what: "the set of definitions",
    package: None,
    sources: &[("go.mod", include_str!("go/definitions/go.mod")), ("go.sum", include_str!("go/definitions/go.sum"))],
    versions: &[],
    links: &[],
    crds: &[
        CrdOrigin { module: "github.com/argoproj/argo-cd/v3", folder: "manifests/crds", into: "definitions/argo-cd" },
        CrdOrigin {
            module: "github.com/argoproj/argo-rollouts",
            folder: "manifests/crds",
            into: "definitions/argo-rollouts",
        },
        CrdOrigin {
            module: "github.com/external-secrets/external-secrets",
            folder: "config/crds/bases",
            into: "definitions/external-secrets",
        },
        CrdOrigin {
            module: "github.com/prometheus-operator/prometheus-operator",
            folder: "example/prometheus-operator-crd",
            into: "definitions/kube-prometheus-stack",
        },
        CrdOrigin { module: "istio.io/api", folder: "kubernetes", into: "definitions/istio-base" },
    ],
};

impl Module {
    fn link_flags(&self) -> String {
        let versions = self.versions.iter().map(|(variable, value)| format!(" -X {variable}={value}"));
        format!("-s -w{}", versions.collect::<String>())
    }

    /// Changes when anything that goes into the program does.
    fn digest(&self) -> String {
        let mut digest = Sha256::new();
        let flags = self.link_flags();
        let target = [std::env::consts::OS, std::env::consts::ARCH, self.package.unwrap_or_default(), &flags];
        let links = self.links.iter().copied();
        let sources = self.sources.iter().flat_map(|(name, content)| [*name, *content]);
        for text in target.into_iter().chain(links).chain(sources) {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text);
        }
        digest.finalize()[..6].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The least version of Go that go.mod asks for.
    fn go_version(&self) -> &'static str {
        let file = self.sources.iter().find(|(name, _)| *name == "go.mod").map_or("", |(_, content)| content);
        file.lines().find_map(|line| line.strip_prefix("go ")).unwrap_or_default().trim()
    }
}

/// Whether one version of Go (`1.26.1`, `1.27rc1`) is older than another.
fn is_older(found: &str, needed: &str) -> bool {
    let numbers = |version: &str| {
        let plain = version.split(|c: char| c.is_ascii_alphabetic() || c == '-' || c == ' ').next().unwrap_or_default();
        let mut numbers = plain.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        [numbers.next().unwrap_or(0), numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)]
    };
    numbers(found) < numbers(needed)
}

fn copy_crds(from: &Path, to: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(to).map_err(Error::file(to))?;
    for entry in std::fs::read_dir(from).map_err(Error::file(from))? {
        let path = entry.map_err(Error::file(from))?.path();
        let Some(name) = path.file_name() else { continue };
        // kustomization.yaml only lists the others.
        if path.extension().is_some_and(|extension| extension == "yaml") && name != "kustomization.yaml" {
            // Read and written, not copied: files of Go's module cache can't be written, nor could the copies.
            let content = std::fs::read(&path).map_err(Error::file(&path))?;
            std::fs::write(to.join(name), content).map_err(Error::file(to))?;
        }
    }
    Ok(())
}

fn remove_folder(folder: &Path) -> Result<(), Error> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::file(folder)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_states_the_go_version_it_needs() {
        for part in [Part::ControlPlane, Part::Kwok, Part::Helm, Part::ArgoCd, Part::ArgoRollouts, Part::Definitions] {
            let version = part.module().go_version();
            assert!(version.starts_with("1.2"), "{}: {version}", part.what());
        }
    }

    #[test]
    fn the_version_that_the_api_server_tells_is_the_one_it_is_built_from() {
        let module = Part::ControlPlane.module();
        let go_mod = module.sources.iter().find(|(name, _)| *name == "go.mod").unwrap().1;
        assert!(go_mod.contains(&format!("k8s.io/kubernetes v{KUBERNETES}\n")));
        assert!(module.link_flags().contains(&format!("k8s.io/component-base/version.gitVersion=v{KUBERNETES} ")));
    }

    #[test]
    fn a_chart_s_definitions_are_those_of_the_program_that_is_built() {
        let go_mod = |part: Part| part.module().sources[0].1;
        for (part, module) in [
            (Part::ArgoCd, "github.com/argoproj/argo-cd/v3 "),
            (Part::ArgoRollouts, "github.com/argoproj/argo-rollouts "),
        ] {
            let line = go_mod(part).lines().find(|line| line.trim().starts_with(module)).unwrap();
            let version = line.trim().trim_end_matches("// indirect").trim();
            assert!(go_mod(Part::Definitions).contains(version), "{version}");
        }
    }

    #[test]
    fn versions_of_go_are_compared_by_number() {
        assert!(is_older("1.9.7", "1.25.0"));
        assert!(is_older("1.25.9", "1.26.1"));
        assert!(!is_older("1.26.1", "1.26.1"));
        assert!(!is_older("1.27rc1", "1.26.1"));
        assert!(!is_older("1.26.8 X:nodwarf5", "1.26.1"));
    }

    #[tokio::test]
    async fn without_go_the_error_says_what_needs_it_and_what_to_do() {
        let programs = Programs::new("/nonexistent/cache", "/nonexistent/bin");
        let said = "the control plane of a simulated cluster is built from Go modules, and there is no `go` on PATH. \
                    Install Go 1.25.0 or newer (https://go.dev/dl), or go on without a cluster by --no-cluster";
        assert_eq!(programs.build(Part::ControlPlane, |_| {}).await.unwrap_err().to_string(), said);
        let before = programs.can_build(&[Part::ControlPlane, Part::ArgoCd]).await.unwrap_err().to_string();
        assert!(before.contains("Install Go 1.25.5 or newer"), "the newest that any of them wants: {before}");
    }

    #[test]
    fn a_helm_of_the_users_need_not_be_built() {
        let tools = tempfile::tempdir().unwrap();
        let helm = tools.path().join("helm");
        std::fs::write(&helm, "").unwrap();
        std::fs::set_permissions(&helm, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let parts = [Part::Helm, Part::Kwok];
        assert_eq!(Programs::new("/nonexistent/cache", tools.path()).unbuilt(&parts), [Part::Kwok]);
        assert_eq!(Programs::new("/nonexistent/cache", "/nonexistent/bin").unbuilt(&parts), parts);
    }
}
