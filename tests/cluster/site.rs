//! A project of a test's own with a sandbox that is served in the background, and what stands in its cluster.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

use fathuss_model::program::Stacks;
use kube::api::{Api, DynamicObject};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Client, Config};
use serde_json::Value as Json;

use crate::program::{declare, fathuss};

/// The program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_fathuss");

/// Longer than anything in a cluster takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(420);

/// The project, whose sandbox ends with it.
pub struct Site {
    /// Its folder.
    pub folder: tempfile::TempDir,
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = fathuss(PROGRAM.as_ref(), self.folder.path(), "sandbox down").output();
    }
}

impl Site {
    /// With this `fathuss.toml`, whose stack program is `cat`, and these stacks.
    pub fn new(file: &str, stacks: Stacks<'_>) -> Self {
        let folder = tempfile::tempdir().expect("there is room");
        fs::write(folder.path().join("fathuss.toml"), file).expect("there is room");
        declare(folder.path(), stacks);
        Self { folder }
    }

    /// With the platform's charts, in a sandbox as `fathuss.toml` of this repository has it, and these stacks of it.
    pub fn platform(stacks: Stacks<'_>) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let file = fs::read_to_string(root.join("fathuss.toml")).expect("it is there");
        let file: Vec<&str> = file
            .lines()
            .map(|line| if line.starts_with("program = ") { "program = [\"cat\"]" } else { line })
            .collect();
        let site = Self::new(&file.join("\n"), stacks);
        copy(&root.join("helm"), &site.folder.path().join("helm"));
        site
    }

    /// Runs the program until it ends, however long the first build takes.
    pub fn run(&self, words: &str) -> Output {
        fathuss(PROGRAM.as_ref(), self.folder.path(), words).output().expect("it starts")
    }

    /// What it said, having ended well.
    pub fn well(&self, words: &str) -> String {
        let output = self.run(words);
        let text = said(&output);
        assert!(output.status.success(), "{words}: {text}");
        text
    }

    /// The exit status of a plan that says by it whether changes are waiting, and what it said.
    pub fn plan(&self, stack: &str) -> (Option<i32>, String) {
        let output = self.run(&format!("plan {stack} --sandbox --detailed-exitcode"));
        (output.status.code(), said(&output))
    }

    /// Writes something else into a file of the folder.
    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.folder.path().join(file);
        let text = fs::read_to_string(&path).expect("it is there");
        assert!(text.contains(from), "{file} has no {from:?}: {text}");
        fs::write(&path, text.replace(from, to)).expect("there is room");
    }
}

/// What a run printed, however it ended.
pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A client of the sandbox's cluster.
pub async fn client(site: &Site) -> Client {
    let config: Kubeconfig = serde_json::from_str(&site.well("sandbox kubeconfig")).expect("it is one");
    let config = Config::from_custom_kubeconfig(config, &KubeConfigOptions::default()).await.expect("it is whole");
    Client::try_from(config).expect("it can be used")
}

/// The objects of a kind of the core group, in a namespace or in all of them.
pub fn objects(client: &Client, kind: &str, namespace: Option<&str>) -> Api<DynamicObject> {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", kind));
    match namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    }
}

/// The objects of a kind, such as `apps/v1/Deployment`, in a namespace.
pub fn of(client: &Client, kind: &str, namespace: &str) -> Api<DynamicObject> {
    let parts: Vec<&str> = kind.split('/').collect();
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(parts[0], parts[1], parts[2]));
    Api::namespaced_with(client.clone(), namespace, &resource)
}

/// An object that has to be there.
pub async fn show(api: &Api<DynamicObject>, name: &str) -> Json {
    serde_json::to_value(api.get(name).await.expect("it is there")).expect("it is JSON")
}

/// Looks until it is so, and says what it saw last where it does not get so.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Result<T, String>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        match look().await {
            Ok(seen) => return seen,
            Err(seen) => assert!(Instant::now() < end, "{what}: {seen}"),
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Copies a folder.
pub fn copy(from: &Path, to: &Path) {
    for file in walk(from) {
        let at = to.join(file.strip_prefix(from).expect("it is in it"));
        fs::create_dir_all(at.parent().expect("it has one")).expect("there is room");
        fs::copy(&file, &at).expect("there is room");
    }
}

/// All files in a folder.
pub fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(walk(&path));
        } else if path.is_file() {
            files.push(path);
        }
    }
    files
}
