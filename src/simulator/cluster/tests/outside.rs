//! What plays the internet, asked by those who ask it: Git and Helm. What they need is built into the cache
//! that FATHUSS_CACHE names, or ~/.cache/fathuss.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fathuss_cluster::outside::{Outside, Repository};
use fathuss_cluster::{Programs, Progress, Step};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

const URL: &str = "https://github.com/fathuss/fathuss";

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn git_fetches_the_project_s_folder_as_it_is_now() {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("project");
    std::fs::create_dir_all(project.join(".fathuss")).unwrap();
    std::fs::write(project.join(".fathuss/state"), "the sandbox's").unwrap();
    std::fs::write(project.join(".gitignore"), "/target\n").unwrap();
    std::fs::write(project.join("target"), "ignored").unwrap();
    std::fs::write(project.join("chart.yaml"), "version: 1\n").unwrap();
    let outside = outside(folder.path(), &project, false).await;

    let clone = folder.path().join("clone");
    let to = clone.to_str().unwrap();
    run(&outside, "git", &["clone", "--quiet", "--branch", "develop", URL, to]).await;
    assert_eq!(std::fs::read_to_string(clone.join("chart.yaml")).unwrap(), "version: 1\n");
    assert_eq!(names(&clone), [".git", ".gitignore", "chart.yaml"]);
    let first = run(&outside, "git", &["-C", to, "rev-parse", "HEAD"]).await;

    // So many commits of its own that Git packs what it asks with.
    let identity = ["-C", to, "-c", "user.name=test", "-c", "user.email=test@example.com"];
    for _ in 0..40 {
        let commit = [&identity[..], &["commit", "--quiet", "--allow-empty", "--message", "Own"]].concat();
        run(&outside, "git", &commit).await;
    }
    std::fs::write(project.join("chart.yaml"), "version: 2\n").unwrap();
    let url = format!("{URL}.git");
    until("the change to be fetched", async || {
        run(&outside, "git", &["-C", to, "fetch", "--quiet", &url, "main"]).await;
        let fetched = run(&outside, "git", &["-C", to, "show", "FETCH_HEAD:chart.yaml"]).await;
        (fetched == "version: 2\n").then_some(())
    })
    .await;

    std::fs::write(project.join("chart.yaml"), "version: 1\n").unwrap();
    until("the first commit, since the content is the first", async || {
        let refs = run(&outside, "git", &["ls-remote", URL, "refs/heads/main"]).await;
        refs.starts_with(first.trim()).then_some(())
    })
    .await;

    let pushed = command(&outside, "git", &["-C", to, "push", URL, "HEAD:develop"]).output().await.unwrap();
    assert!(!pushed.status.success());
    let other = command(&outside, "git", &["ls-remote", "https://github.com/another/one"]).output().await.unwrap();
    assert!(!other.status.success());
}

#[tokio::test]
async fn other_hosts_are_reached_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let outside = outside(folder.path(), folder.path(), false).await;
    let proxy = outside.environment()[0].1.trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // It says back whatever comes first.
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut received = [0; 1024];
            let count = stream.read(&mut received).await.unwrap();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {count}\r\nconnection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(&received[..count]).await.unwrap();
        }
    });

    let mut tunnel = TcpStream::connect(&proxy).await.unwrap();
    tunnel.write_all(format!("CONNECT {address} HTTP/1.1\r\nhost: {address}\r\n\r\n").as_bytes()).await.unwrap();
    let mut head = [0; 15];
    tunnel.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    while !head.ends_with(b"\r\n\r\n") {
        head.rotate_left(1);
        head[14] = tunnel.read_u8().await.unwrap();
    }
    tunnel.write_all(b"no HTTP at all").await.unwrap();
    let mut said = String::new();
    tunnel.read_to_string(&mut said).await.unwrap();
    assert!(said.ends_with("\r\n\r\nno HTTP at all"), "{said}");

    let mut plain = TcpStream::connect(&proxy).await.unwrap();
    let request = format!("GET http://{address}/a?b HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    plain.write_all(request.as_bytes()).await.unwrap();
    let mut said = String::new();
    plain.read_to_string(&mut said).await.unwrap();
    assert!(said.contains("\r\n\r\nGET /a?b HTTP/1.1\r\n"), "{said}");
}

#[tokio::test]
async fn helm_pulls_others_charts_from_their_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let outside = outside(folder.path(), folder.path(), true).await;
    let helm = programs().helm(tell).await.unwrap();
    let charts = [
        ("https://argoproj.github.io/argo-helm", "argo-cd", "9.5.4", "crds/application-crd.yaml"),
        ("https://istio-release.storage.googleapis.com/charts", "base", "1.30.4", "templates/objects.yaml"),
    ];
    for (repository, chart, version, file) in charts {
        let to = folder.path().to_str().unwrap();
        let pull = ["pull", chart, "--repo", repository, "--version", version, "--untar", "--untardir", to];
        run(&outside, helm.to_str().unwrap(), &pull).await;
        let about = std::fs::read_to_string(folder.path().join(chart).join("Chart.yaml")).unwrap();
        assert!(about.contains(&format!("version: {version}\n")), "{about}");
        assert!(folder.path().join(chart).join(file).exists(), "{file}");
    }
}

async fn outside(folder: &Path, project: &Path, stand_ins: bool) -> Outside {
    let repository = Repository {
        url: URL.to_owned(),
        folder: project.to_owned(),
        branches: vec!["develop".to_owned(), "main".to_owned()],
    };
    let folder = folder.join("outside");
    Outside::start(&folder, vec![repository], stand_ins, &programs(), tell)
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

fn programs() -> Programs {
    let cache = std::env::var_os("FATHUSS_CACHE")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cache/fathuss")))
        .unwrap();
    Programs::new(cache, std::env::var_os("PATH").unwrap_or_default())
}

/// Shows how long what was built took.
fn tell(progress: Progress) {
    if progress.step == Step::Built && !progress.elapsed.is_zero() {
        println!("built {} in {:?}", progress.part.what(), progress.elapsed);
    }
}

async fn run(outside: &Outside, program: &str, arguments: &[&str]) -> String {
    succeeded(command(outside, program, arguments)).await
}

fn command(outside: &Outside, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).envs(outside.environment()).env("GIT_TERMINAL_PROMPT", "0").kill_on_drop(true);
    command
}

async fn succeeded(mut command: Command) -> String {
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>();
    names.sort();
    names
}

/// Asks again and again until there is an answer.
async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(began.elapsed() < PATIENCE, "waited {PATIENCE:?} for {what}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
