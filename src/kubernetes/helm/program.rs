//! Runs `helm`.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Once;
use std::time::Duration;

use fathuss_engine::provider::{Failure, FailureClass};
use serde_json::{Value as Json, json};
use tokio::process::Command;

use crate::clusters::{Endpoint, Token};
use crate::connection::kubeconfig;
use crate::failure::{SEE_THAT_IT_ANSWERS, TERMINATED, WAIT_FOR_NAMESPACE, refused};

/// Which `helm` is run, and how.
#[derive(Clone, Debug)]
pub struct Helm {
    /// The program.
    pub program: PathBuf,
    /// A repository or registry that all charts come from, whatever their releases say.
    pub mirror: Option<String>,
    /// The folder that charts in folders are seen from.
    pub folder: PathBuf,
    /// Variables that it is given beside those of this process.
    pub environment: Vec<(String, String)>,
}

/// Ends Helm with whoever started it, even where that one was killed: its standard input closes then. Helm writes down that
/// it was cancelled before it ends.
const GUARD: &str = r#"exec 3<&0
"$0" "$@" </dev/null 3<&- &
helm=$!
{ cat <&3; kill "$helm"; } >/dev/null 2>&1 &
guard=$!
exec 3<&-
wait "$helm"
status=$?
kill "$guard" 2>/dev/null
exit "$status""#;

impl Helm {
    /// Runs it on a cluster, with these values in a file behind `--values`; what it wrote. It is given a new token whenever
    /// one has run out.
    pub(super) async fn run(
        &self,
        endpoint: &Endpoint,
        token: impl AsyncFn() -> Result<Token, Failure>,
        arguments: &[OsString],
        values: Option<&Json>,
    ) -> Result<Vec<u8>, Failure> {
        let unwritable = |error: std::io::Error| refused("NoFolder", error.to_string());
        SWEPT.call_once(|| sweep(&std::env::temp_dir()));
        let folder = format!("{FOLDER}{}-", std::process::id());
        // Only its owner can enter it.
        let folder = tempfile::Builder::new().prefix(&folder).tempdir().map_err(unwritable)?;
        let credential = folder.path().join("token");
        let mut lasts = lay_down(token().await?, &credential).map_err(unwritable)?;
        let file = folder.path().join("kubeconfig");
        write(&file, &kubeconfig(endpoint, json!({ "tokenFile": credential }))).map_err(unwritable)?;
        let mut command = Command::new("sh");
        command.arg("-c").arg(GUARD).arg(&self.program).args(arguments).arg("--kubeconfig").arg(file);
        if let Some(values) = values {
            let file = folder.path().join("values.json");
            write(&file, values).map_err(unwritable)?;
            command.arg("--values").arg(file);
        }
        for (name, _) in std::env::vars_os().filter(|(name, _)| aims(&name.to_string_lossy())) {
            command.env_remove(name);
        }
        let child = command
            .current_dir(&self.folder)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| refused("NoHelm", format!("{}: {error}", self.program.display())))?;
        let mut ended = std::pin::pin!(wait(child));
        let output = loop {
            match tokio::time::timeout(lasts, &mut ended).await {
                Ok(output) => break output.map_err(|error| refused("NoHelm", error.to_string()))?,
                Err(_) => lasts = lay_down(token().await?, &credential).map_err(unwritable)?,
            }
        };
        if output.status.success() { Ok(output.stdout) } else { Err(failure(&String::from_utf8_lossy(&output.stderr))) }
    }
}

/// How a folder begins in which Helm finds its values; the number of the process that made it follows.
const FOLDER: &str = "fathuss-helm-";

static SWEPT: Once = Once::new();

/// Takes away what runs that were killed have left: values and tokens are for Helm alone. Where it can't be seen which
/// processes there are, everything stays.
fn sweep(folder: &Path) {
    let processes = Path::new("/proc");
    if !processes.join(std::process::id().to_string()).exists() {
        return;
    }
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let maker = name.strip_prefix(FOLDER).and_then(|rest| rest.split('-').next()?.parse::<u32>().ok());
        if maker.is_some_and(|maker| !processes.join(maker.to_string()).exists()) {
            // Another user's can't be entered, and the next run tries again.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether a variable has Helm look at another cluster, or keep its releases in another way, than it is told.
fn aims(variable: &str) -> bool {
    let variable = variable.strip_prefix("HELM_").unwrap_or_default();
    variable.starts_with("KUBE") || variable.starts_with("DRIVER") || ["NAMESPACE", "MAX_HISTORY"].contains(&variable)
}

/// Waits with its standard input open: tokio's own waiting would close it first.
async fn wait(mut child: tokio::process::Child) -> std::io::Result<std::process::Output> {
    let held = child.stdin.take();
    let output = child.wait_with_output().await;
    drop(held);
    output
}

/// Puts a token where Helm looks for it, which it does again about once a minute; how long it lasts.
fn lay_down(token: Token, file: &Path) -> std::io::Result<Duration> {
    let new = file.with_extension("new");
    std::fs::write(&new, token.text)?;
    std::fs::rename(new, file)?;
    Ok(token.lifetime)
}

fn write(file: &Path, content: &Json) -> std::io::Result<()> {
    std::fs::File::create(file)?.write_all(content.to_string().as_bytes())
}

/// The code where a chart is not one that Helm can render.
const INVALID_CHART: &str = "InvalidChart";
const CORRECT_CHART: &str = "correct the chart's template there, or the values that it can't take";

/// What Helm's words have in them, what is the matter then, and what can be done about it.
const KNOWN: &[(&str, FailureClass, &str, Option<&str>)] = &[
    // First, since what a template is said to have can be any words.
    ("parse error at (", FailureClass::Refused, INVALID_CHART, Some(CORRECT_CHART)),
    (": executing \"", FailureClass::Refused, INVALID_CHART, Some(CORRECT_CHART)),
    ("YAML parse error on ", FailureClass::Refused, INVALID_CHART, Some(CORRECT_CHART)),
    (
        "does not appear to be a gzipped archive",
        FailureClass::Refused,
        INVALID_CHART,
        Some("see the archive that `chart` names"),
    ),
    ("cluster unreachable", FailureClass::Unseen, "Unreachable", Some(SEE_THAT_IT_ANSWERS)),
    (
        "ensure CRDs are installed first",
        FailureClass::Unseen,
        "NoSuchKind",
        Some("install its CustomResourceDefinition before, and let this release depend on it"),
    ),
    ("asked for the client to provide credentials", FailureClass::Unseen, "Unauthorized", None),
    (
        "is forbidden: User",
        FailureClass::Unseen,
        "Forbidden",
        Some("give who applies an `EksAccessPolicyAssociation` that allows it"),
    ),
    (
        // Another one made this revision since it looked: that of a run that was killed takes a moment to end.
        "release: already exists",
        FailureClass::NotYet,
        "Pending",
        Some("somebody else's helm is at work on it"),
    ),
    (
        "another operation (install/upgrade/rollback) is in progress",
        FailureClass::NotYet,
        "Pending",
        Some("somebody else's helm is at work on it"),
    ),
    (
        "don't meet the specifications of the schema",
        FailureClass::Refused,
        "InvalidValues",
        Some("correct `values`; `helm show values` prints what the chart takes"),
    ),
    (
        "not found in",
        FailureClass::Refused,
        "NoSuchChart",
        Some("see `chart` and `version`; a version may have been taken back"),
    ),
    (
        "is not a valid chart repository or cannot be reached",
        FailureClass::Refused,
        "NoRepository",
        Some(
            "see `repository`, and that it can be reached from here; `helm_mirror` in fathuss.toml names one to take its place",
        ),
    ),
    ("invalid_reference", FailureClass::Refused, "NoSuchChart", Some("see `chart` and `version`")),
    (
        "failed to fetch",
        FailureClass::Refused,
        "NoSuchChart",
        Some("see `chart` and `version`, and that it can be reached from here"),
    ),
    (
        "failed to perform \"",
        FailureClass::Refused,
        "NoSuchChart",
        Some("see `chart` and `version`, and that its registry can be reached from here"),
    ),
    ("manifest unknown", FailureClass::Refused, "NoSuchChart", Some("see `chart` and `version`")),
    ("Chart.yaml file is missing", FailureClass::Refused, "NoSuchChart", Some("a chart's folder has a Chart.yaml")),
    ("unable to detect chart at", FailureClass::Refused, "NoSuchChart", Some("a chart's folder has a Chart.yaml")),
    (
        "helm dependency build",
        FailureClass::Refused,
        "NoDependencies",
        Some("run `helm dependency build` in the chart's folder"),
    ),
    ("path \"", FailureClass::Refused, "NoSuchChart", Some("folders are seen from fathuss.toml")),
    (
        "invalid ownership metadata",
        FailureClass::Refused,
        "NotOwned",
        Some(
            "what the chart makes is there already and of no release: delete it, or annotate it for Helm to take it over",
        ),
    ),
    (
        "conflict occurred while applying object",
        FailureClass::Refused,
        "Conflict",
        Some(
            "others manage these fields: leave them out of what the chart renders, or have whoever manages them let go of them",
        ),
    ),
    (TERMINATED, FailureClass::Refused, "Terminating", Some(WAIT_FOR_NAMESPACE)),
    // What the API server's own answer holds: the webhook did not answer it.
    (
        "failed calling webhook",
        FailureClass::NotYet,
        "WebhookDown",
        Some("see that the pods behind this webhook run, or take its configuration away"),
    ),
    (
        "timed out waiting",
        FailureClass::Refused,
        "NotReady",
        Some("look at its pods' events, or give it more `timeout_seconds`"),
    ),
    (
        "context deadline exceeded",
        FailureClass::Refused,
        "NotReady",
        Some("look at its pods' events, or give it more `timeout_seconds`"),
    ),
    // An API server that goes away while Helm is at work; what it left is upgraded once more.
    ("failed to download openapi", FailureClass::Unseen, "Unreachable", Some(SEE_THAT_IT_ANSWERS)),
    ("could not get server version from Kubernetes", FailureClass::Unseen, "Unreachable", Some(SEE_THAT_IT_ANSWERS)),
    ("connection refused", FailureClass::Unseen, "Unreachable", Some(SEE_THAT_IT_ANSWERS)),
    ("connection reset by peer", FailureClass::Unseen, "Unreachable", Some(SEE_THAT_IT_ANSWERS)),
    ("client connection lost", FailureClass::Unseen, "Unreachable", Some(SEE_THAT_IT_ANSWERS)),
    ("unexpected EOF", FailureClass::Unseen, "Unreachable", Some(SEE_THAT_IT_ANSWERS)),
    (
        "the server is currently unable to handle the request",
        FailureClass::NotYet,
        "Unreachable",
        Some(SEE_THAT_IT_ANSWERS),
    ),
    ("etcdserver: ", FailureClass::Unseen, "Unreachable", Some(SEE_THAT_IT_ANSWERS)),
];

/// What Helm wrote, as a failure.
fn failure(written: &str) -> Failure {
    let told: Vec<&str> = written.lines().map(str::trim_end).filter(|line| !line.trim().is_empty()).collect();
    let from = told.iter().position(|line| line.starts_with("Error:")).unwrap_or(0);
    let message = told[from..].join("\n");
    let message = message.strip_prefix("Error:").unwrap_or(&message).trim().to_owned();
    let known = KNOWN.iter().find(|(words, ..)| message.contains(words));
    let (class, code, hint) =
        known.map_or((FailureClass::Refused, "Failed", None), |(_, class, code, hint)| (*class, *code, *hint));
    let message = if message.is_empty() { "helm was ended".to_owned() } else { message };
    Failure { class, service: "helm".to_owned(), hint: hint.map(str::to_owned), ..refused(code, message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_helm_writes_says_what_can_be_done() {
        let of = |written: &str| {
            let failure = failure(written);
            (failure.class, failure.code, failure.message)
        };
        let (class, code, message) = of(
            "WARNING: Kubernetes configuration file is group-readable.\nError: values don't meet the specifications of the schema(s) in the following chart(s):\nshop:\n- at '/replicas': got string, want integer\n",
        );
        assert_eq!((class, code.as_str()), (FailureClass::Refused, "InvalidValues"));
        assert!(message.starts_with("values don't") && message.ends_with("want integer"), "{message}");
        let (class, code, _) =
            of("Error: Kubernetes cluster unreachable: Get \"https://127.0.0.1:1/version\": dial tcp");
        assert_eq!((class, code.as_str()), (FailureClass::Unseen, "Unreachable"));
        let (class, code, _) =
            of("Error: chart \"shop\" matching 9.9.9 not found in shop index. (try 'helm repo update')");
        assert_eq!((class, code.as_str()), (FailureClass::Refused, "NoSuchChart"));
        let (class, code, _) = of("Error: UPGRADE FAILED: release: already exists");
        assert_eq!((class, code.as_str()), (FailureClass::NotYet, "Pending"));
        let (class, code, _) =
            of("Error: UPGRADE FAILED: unable to build kubernetes objects: failed to download openapi: unknown");
        assert_eq!((class, code.as_str()), (FailureClass::Unseen, "Unreachable"), "the API server went away meanwhile");
        let nowhere = "Error: looks like \"http://127.0.0.1:1\" is not a valid chart repository or cannot be reached: connection refused";
        assert_eq!(of(nowhere).0, FailureClass::Refused);
        let (class, code, _) = of("Error: failed to perform \"FetchReference\" on source: connect: connection refused");
        assert_eq!((class, code.as_str()), (FailureClass::Refused, "NoSuchChart"));
        let conflict = "Error: UPGRADE FAILED: conflict occurred while applying object shop/web apps/v1, Kind=Deployment: Apply failed with 1 conflict: conflict with \"kubectl\" with subresource \"scale\" using apps/v1: .spec.replicas";
        assert_eq!((of(conflict).0, of(conflict).1.as_str()), (FailureClass::Refused, "Conflict"));
        let webhook = "Error: failed calling webhook \"mutate.example.com\": Post \"https://door.shop.svc:443\": dial tcp 10.96.0.9:443: connect: connection refused";
        assert_eq!((of(webhook).0, of(webhook).1.as_str()), (FailureClass::NotYet, "WebhookDown"));
        let unfinished = "Error: UPGRADE FAILED: parse error at (shop/templates/a.yaml:7): unexpected EOF";
        assert_eq!((of(unfinished).0, of(unfinished).1.as_str()), (FailureClass::Refused, INVALID_CHART));
        let executed = "Error: template: shop/templates/a.yaml:3:4: executing \"shop/templates/a.yaml\" at <fail \"not found in x\">: error calling fail: not found in x";
        assert_eq!((of(executed).0, of(executed).1.as_str()), (FailureClass::Refused, INVALID_CHART));
        assert_eq!(of("").2, "helm was ended");
    }

    #[test]
    fn what_a_killed_run_left_is_taken_away_and_what_a_living_one_needs_is_not() {
        let folder = tempfile::tempdir().unwrap();
        // No process has a number past 4,194,304.
        let [dead, living, other] = [
            format!("{FOLDER}4194305-a"),
            format!("{FOLDER}{}-b", std::process::id()),
            "somebody-4194305-c".to_owned(),
        ];
        for name in [&dead, &living, &other] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
            std::fs::write(folder.path().join(name).join("values.json"), "{}").unwrap();
        }
        sweep(folder.path());
        assert!(!folder.path().join(dead).exists());
        assert!(folder.path().join(living).exists() && folder.path().join(other).exists());
    }

    #[test]
    fn nothing_of_the_user_s_leads_helm_elsewhere() {
        let elsewhere = ["HELM_KUBEAPISERVER", "HELM_KUBETOKEN", "HELM_KUBECONTEXT", "HELM_DRIVER", "HELM_NAMESPACE"];
        assert!(elsewhere.into_iter().all(aims));
        assert!(!["HELM_CACHE_HOME", "HELM_REGISTRY_CONFIG", "KUBECONFIG", "HOME"].into_iter().any(aims));
    }

    /// A Helm that is this script.
    fn played(folder: &Path, script: &str) -> Helm {
        let program = folder.join("helm");
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        Helm { program, mirror: None, folder: folder.to_owned(), environment: Vec::new() }
    }

    /// Where no cluster answers.
    fn nowhere() -> Endpoint {
        let url = "https://127.0.0.1:1".to_owned();
        Endpoint { url, authority: String::new(), server_name: None, proxy: None }
    }

    #[tokio::test]
    async fn a_token_that_runs_out_is_replaced_while_helm_works() {
        let folder = tempfile::tempdir().unwrap();
        // It waits for the third token, where its kubeconfig says that tokens are.
        let script = r#"#!/bin/sh
token=$(sed 's/.*"tokenFile":"\([^"]*\)".*/\1/' "$2")
until [ "$(cat "$token")" = 2 ]; do sleep 0.02; done
cat "$token"
"#;
        let helm = played(folder.path(), script);
        let given = std::cell::Cell::new(0);
        let token = async || {
            let text = given.replace(given.get() + 1).to_string();
            Ok(Token { text, lifetime: Duration::from_millis(100) })
        };
        let endpoint = nowhere();
        let running = helm.run(&endpoint, token, &[], None);
        let written =
            tokio::time::timeout(Duration::from_secs(30), running).await.expect("it sees the new one").unwrap();
        assert_eq!(written, b"2");
    }

    #[tokio::test]
    async fn what_is_started_ends_with_who_started_it() {
        let folder = tempfile::tempdir().unwrap();
        let script =
            "#!/bin/sh\necho $$ > pid\ntrap 'echo cancelled > ended; exit 1' TERM\nwhile true; do sleep 0.05; done\n";
        let helm = played(folder.path(), script);
        let token = async || Ok(Token { text: "t".to_owned(), lifetime: Duration::from_secs(1) });
        let endpoint = nowhere();
        let running = helm.run(&endpoint, token, &[], None);
        assert!(tokio::time::timeout(std::time::Duration::from_millis(500), running).await.is_err());
        let ended = folder.path().join("ended");
        for _ in 0..100 {
            if ended.exists() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("it goes on");
    }
}
