//! `fathuss doctor`: whether everything that a run needs is there.

use std::process::{Command, ExitCode};

use clap::Args;
use fathuss_model::aws::EksCluster;
use fathuss_model::graph::Graph;
use fathuss_model::{Resource, kubernetes};
use fathuss_state::{Place, StateError};

use crate::error::Error;
use crate::home::Home;
use crate::options::{Output, TargetOptions};
use crate::project::Project;
use crate::session::{current_folder, runtime};
use crate::target::Target;

/// What `doctor` takes.
#[derive(Args, Debug)]
pub struct Doctor {
    /// One stack; all of them where none is named
    stack: Option<String>,
    #[command(flatten)]
    target: TargetOptions,
}

/// Runs the command: a line per check; exit status 1 where one fails.
pub fn run(options: &Doctor, output: &Output) -> Result<ExitCode, Error> {
    let mut failed = 0;
    let mut tell = |what: &str, result: Result<String, String>| {
        failed += usize::from(result.is_err());
        let (word, text) = match &result {
            Ok(text) => ("ok", text),
            Err(text) => ("FAILED", text),
        };
        if output.json {
            return crate::render::print(
                &serde_json::json!({ "check": what, "ok": result.is_ok(), "found": text }).to_string(),
            );
        }
        crate::render::print(&format!("{word:<7} {what}: {}", text.trim_end().replace('\n', "\n        ")))
    };
    tell("cargo", cargo())?;
    let project = Project::find(&current_folder()?)?;
    tell("project", Ok(project.root.join(crate::project::FILE).display().to_string()))?;
    let place = options.target.place()?;
    let names: Vec<String> = match &options.stack {
        Some(stack) => vec![stack.clone()],
        None => project.names().map(str::to_owned).collect(),
    };
    for name in names {
        let stack = project.stack(&name)?;
        let graph = crate::program::graph(&project.root, &stack);
        let clusters = graph.as_ref().map(clusters).unwrap_or_default();
        let graph = graph.map(|graph| format!("{} nodes", graph.nodes.len())).map_err(|error| error.to_string());
        tell(&format!("{name}: stack program"), graph)?;
        let needs_helm = !clusters.is_empty();
        let lies = match options.target.sandbox {
            true => project.sandbox_state(&name),
            false => stack.state.clone(),
        };
        tell(&format!("{name}: state"), state(&lies))?;
        if let Some(replica) = stack.replica.as_ref().filter(|_| !options.target.sandbox) {
            tell(&format!("{name}: replica"), super::promote::standing(replica, &lies))?;
        }
        let reached = runtime()?.block_on(async {
            let target = Target::open(&project, &stack, place).await?;
            target.enter("").await?;
            let mut versions = Vec::new();
            for (region, cluster) in clusters {
                let version = target.kubernetes(&region, &cluster).await;
                versions.push((cluster, version));
            }
            // That it is a sandbox is known by its first answer.
            Ok::<_, Error>((versions, target.is_simulated()))
        });
        let (reached, versions, simulated) = match reached {
            Ok((versions, simulated)) => (Ok(format!("account {}", stack.account)), versions, simulated),
            Err(error) => (Err(error.to_string()), Vec::new(), options.target.sandbox),
        };
        tell(&format!("{name}: AWS"), reached)?;
        if needs_helm {
            tell(&format!("{name}: Helm"), runtime()?.block_on(helm(simulated)))?;
        }
        for (cluster, version) in versions {
            let told = match version {
                Ok(Some(version)) => Ok(format!("Kubernetes {version}")),
                Ok(None) => Ok("not there yet".to_owned()),
                Err(failure) => Err(Error::from(failure).to_string()),
            };
            tell(&format!("{name}: cluster {cluster}"), told)?;
        }
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The clusters of a graph that has something in one, by region and name.
fn clusters(graph: &Graph) -> Vec<(String, String)> {
    if !graph.nodes.iter().any(|node| kubernetes::schema(node.address.kind()).is_some()) {
        return Vec::new();
    }
    let clusters = graph.nodes.iter().filter(|node| node.address.kind() == EksCluster::SCHEMA.kind);
    let named = clusters.filter_map(|node| {
        let name = node.fields.get("name")?.literal()?.as_str()?;
        Some((node.region.clone(), name.to_owned()))
    });
    named.collect()
}

/// The Helm that installs charts.
async fn helm(simulated: bool) -> Result<String, String> {
    if simulated && crate::clusters::found().is_none() {
        return Ok("none on PATH; the sandbox builds one of its own".to_owned());
    }
    let found = crate::clusters::helm(simulated).await;
    found.map(|program| program.display().to_string()).map_err(|failure| Error::from(failure).to_string())
}

fn cargo() -> Result<String, String> {
    let missing = |reason: String| format!("{reason}\nstack programs are built with it: install Rust");
    let found = Command::new("cargo").arg("--version").output().map_err(|error| missing(error.to_string()))?;
    if !found.status.success() {
        return Err(missing(String::from_utf8_lossy(&found.stderr).trim().to_owned()));
    }
    Ok(String::from_utf8_lossy(&found.stdout).trim().to_owned())
}

/// Whether a state can be read, and written where others write it, too.
fn state(home: &Home) -> Result<String, String> {
    let told = |error: StateError| error.to_string();
    let fit = match &home.place {
        Place::File(_) => String::new(),
        shared => format!("; {}", shared.check().map_err(told)?),
    };
    let Some(store) = home.look().map_err(told)? else {
        return Ok(format!("none yet; the first apply makes it{fit}"));
    };
    store.snapshot().map_err(told)?;
    store.stands().map_err(told)?;
    let sealed = store.seal().map_err(told)?;
    let fit = match (sealed.as_ref().map(|seal| seal.recipients()), &home.recipients) {
        (Some(is), Some(wanted)) if is == wanted => format!("; encrypted for {is}, and readable here{fit}"),
        (Some(is), _) => return Err(format!("it is encrypted for {is}, which is not what fathuss.toml says")),
        (None, Some(wanted)) => format!("; plain yet: the next run that writes encrypts it for {wanted}{fit}"),
        (None, None) => fit,
    };
    let locked: Vec<String> = store.holders().map_err(told)?.iter().map(ToString::to_string).collect();
    match locked.is_empty() {
        true => Ok(format!("readable, not locked{fit}")),
        false => Ok(format!(
            "readable; locked by {} (of a run that is dead the next one takes it over by itself){fit}",
            locked.join(" and ")
        )),
    }
}
