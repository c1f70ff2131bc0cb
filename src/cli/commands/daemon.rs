//! `fathuss sandbox up`, `down`, `status`, `kubeconfig`: the process that serves the project's sandbox in the background.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use fathuss_cluster::{Part, Programs, Progress};

use crate::error::Error;
use crate::keeper::{Folders, programs, progress_text};
use crate::options::Output;
use crate::project::Project;
use crate::render::{json, note, print};
use crate::sandbox::{self, Speed, World};
use crate::served::Served;
use crate::session::{current_folder, runtime};

/// How long a daemon may take to answer, and to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often it is looked for meanwhile.
const LOOK: Duration = Duration::from_millis(50);

/// Starts the daemon, where none serves the project's world.
pub fn up(speed: f64, output: &Output) -> Result<ExitCode, Error> {
    Speed::times(speed)?;
    let project = Project::find(&current_folder()?)?;
    let (served, is_new) = runtime()?.block_on(bring_up(&project, speed, output))?;
    if !is_new {
        output.line(&format!("The sandbox is served already, by {} at {}.", served.holder, served.url()))?;
        return Ok(ExitCode::SUCCESS);
    }
    output.line(&format!(
        "{}\nA cluster in it has a real Kubernetes; `fathuss sandbox kubeconfig` prints how to enter it, `fathuss sandbox down` ends it.",
        served.sentence()
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Who serves the project's world: who does already, or a daemon that is started for it.
pub async fn bring_up(project: &Project, speed: f64, output: &Output) -> Result<(Served, bool), Error> {
    if let Some(served) = running(project).await? {
        return Ok((served, false));
    }
    build(&programs()?, &parts(project), output).await?;
    Ok((start(project, speed).await?, true))
}

/// What every cluster of the project's sandbox runs on.
pub fn parts(project: &Project) -> Vec<Part> {
    let definitions = project.outside().1.then_some(Part::Definitions);
    [Part::ControlPlane, Part::Kwok].into_iter().chain(definitions).collect()
}

/// Builds what is not built yet, and says how much that is and how far.
pub async fn build(programs: &Programs, parts: &[Part], output: &Output) -> Result<(), Error> {
    let unbuilt = programs.unbuilt(parts);
    if unbuilt.len() > 1 {
        let names: Vec<&str> = unbuilt.iter().map(|part| part.what()).collect();
        let (count, names) = (names.len(), names.join(", "));
        note(&format!("{count} parts are to be built with Go, this once, one after the other: {names}"), output);
    }
    for part in unbuilt {
        programs.build(part, |progress| tell(&progress, output)).await.map_err(self::unbuilt)?;
    }
    Ok(())
}

fn tell(progress: &Progress, output: &Output) {
    if let Some(text) = progress_text(progress) {
        note(&text, output);
    }
}

pub fn unbuilt(error: fathuss_cluster::Error) -> Error {
    Error::Usage(error.to_string())
}

async fn start(project: &Project, speed: f64) -> Result<Served, Error> {
    let folder = project.sandbox();
    let log = folder.join("daemon.log");
    let unwritable = |reason| Error::File { path: log.clone(), doing: "write", reason };
    std::fs::create_dir_all(&folder).map_err(unwritable)?;
    let file = File::create(&log).map_err(unwritable)?;
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    let port = port.map_err(|reason| Error::Usage(format!("no port is free: {reason}")))?.port();
    let program = std::env::current_exe().map_err(|reason| Error::Usage(format!("this program: {reason}")))?;
    let mut command = Command::new(program);
    command.args(["sandbox", "serve", "--clusters", "--port", &port.to_string(), "--speed", &speed.to_string()]);
    command.current_dir(&project.root).stdin(Stdio::null()).stderr(file.try_clone().map_err(unwritable)?).stdout(file);
    // Ctrl-C at the terminal is not meant for it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child =
        command.spawn().map_err(|reason| Error::Usage(format!("the sandbox can't be started: {reason}")))?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let began = Instant::now();
    loop {
        if let Some(served) = Served::at(address).await {
            return Ok(served);
        }
        let ended = child.try_wait().ok().flatten();
        if ended.is_some() || began.elapsed() > PATIENCE {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            let how = ended.map_or_else(|| "does not answer".to_owned(), |status| format!("has ended, {status}"));
            return Err(Error::Usage(format!("the sandbox's process {how}\n{}", said.trim())));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Who serves the project's world.
async fn running(project: &Project) -> Result<Option<Served>, Error> {
    if !project.sandbox().join("world").exists() {
        return Ok(None);
    }
    match sandbox::open(project, Speed::Instant, 1).await? {
        World::Here(_) => Ok(None),
        World::Served(served) => Ok(Some(served)),
    }
}

/// Ends the daemon.
pub fn down(output: &Output) -> Result<ExitCode, Error> {
    let project = Project::find(&current_folder()?)?;
    let Some(served) = runtime()?.block_on(running(&project))? else {
        output.line("Nothing serves the sandbox.")?;
        return Ok(ExitCode::SUCCESS);
    };
    let pid = served.holder.pid;
    let unended = |why: String| {
        Error::Usage(format!("{} does not end: {why}\nNext: end it by hand\n  kill {pid}", served.holder))
    };
    end(pid).map_err(unended)?;
    let began = Instant::now();
    while Path::new(&format!("/proc/{pid}")).exists() {
        if began.elapsed() > PATIENCE {
            return Err(unended(format!("it still runs after {} s", PATIENCE.as_secs())));
        }
        std::thread::sleep(LOOK);
    }
    output.line(&format!("{} has ended; the world stays as it is.", served.holder))?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(unix)]
fn end(pid: u32) -> Result<(), String> {
    let process = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw).ok_or("it has no such id")?;
    rustix::process::kill_process(process, rustix::process::Signal::TERM).map_err(|error| error.to_string())
}

#[cfg(not(unix))]
fn end(_: u32) -> Result<(), String> {
    Err("this system has no signals".to_owned())
}

/// Shows who serves the world, and its clusters.
pub fn status(output: &Output) -> Result<ExitCode, Error> {
    let project = Project::find(&current_folder()?)?;
    let runtime = runtime()?;
    let Some(served) = runtime.block_on(running(&project))? else {
        output.line("Nothing serves the sandbox.\nNext: fathuss sandbox up")?;
        return Ok(ExitCode::SUCCESS);
    };
    let clusters = runtime.block_on(served.clusters())?;
    if output.json {
        let status = serde_json::json!({ "holder": served.holder, "url": served.url(), "speed": served.speed, "clusters": clusters });
        print(&json(&status)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    output.line(&served.sentence())?;
    for cluster in &clusters {
        output.line(&format!("  cluster {} in {}, account {}", cluster.name, cluster.region, cluster.account))?;
    }
    if clusters.is_empty() {
        output.line("It has no cluster.")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints how to enter a cluster.
pub fn kubeconfig(cluster: Option<&str>) -> Result<ExitCode, Error> {
    let project = Project::find(&current_folder()?)?;
    let runtime = runtime()?;
    let Some(served) = runtime.block_on(running(&project))? else {
        return Err(Error::Usage(
            "nothing serves the sandbox, and so no cluster in it answers\nNext: fathuss sandbox up".to_owned(),
        ));
    };
    let clusters = runtime.block_on(served.clusters())?;
    let names = || clusters.iter().map(|cluster| cluster.name.as_str()).collect::<Vec<_>>().join(", ");
    let mut chosen = clusters.iter().filter(|one| cluster.is_none_or(|name| name == one.name));
    let id = match (chosen.next(), chosen.next()) {
        (Some(one), None) => one,
        (Some(_), Some(_)) => {
            return Err(Error::Usage(format!("the sandbox has several clusters: {}\nNext: name one", names())));
        }
        (None, _) if clusters.is_empty() => return Err(Error::Usage("the sandbox has no cluster".to_owned())),
        (None, _) => return Err(Error::Usage(format!("the sandbox has no such cluster; it has {}", names()))),
    };
    let folders = Folders::beside(&project.sandbox().join("world"));
    print(&format!("{}\n", folders.kubeconfig(id).map_err(unbuilt)?))?;
    Ok(ExitCode::SUCCESS)
}
