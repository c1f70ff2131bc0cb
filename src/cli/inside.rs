//! What a stack has inside of the sandbox's clusters: for it, the sandbox is served in the background with a real Kubernetes
//! behind each cluster.

use fathuss_cluster::{Part, argo};
use fathuss_model::Resource;
use fathuss_model::graph::Graph;
use fathuss_model::kubernetes::{self, ArgocdApplication, HelmRelease};
use fathuss_state::Snapshot;

use crate::commands::daemon;
use crate::error::Error;
use crate::keeper::programs;
use crate::options::{ClusterOptions, Output};
use crate::project::Project;
use crate::sandbox::Speed;

/// A daemon's speed where none is asked for.
pub const SPEED: f64 = 100.0;

/// The graph that is worked on; what serves the clusters is started, where the state or the run has something in them.
pub async fn prepared(
    project: &Project,
    mut graph: Graph,
    snapshot: &Snapshot,
    (speed, makes): (Speed, bool),
    options: ClusterOptions,
    output: &Output,
) -> Result<Graph, Error> {
    let is_inside = |kind: &str| kubernetes::schema(kind).is_some();
    let there = snapshot.resources.keys().filter(|address| is_inside(address.kind())).count();
    let declared = graph.nodes.iter().filter(|node| is_inside(node.address.kind())).count();
    if options.no_cluster {
        if there > 0 {
            return Err(Error::Usage(format!(
                "the state has {there} resources in a cluster, which can't be left out any more\nNext: leave out --no-cluster, or empty the sandbox: fathuss sandbox reset"
            )));
        }
        graph.nodes.retain(|node| !is_inside(node.address.kind()));
        return Ok(graph);
    }
    if there > 0 || (makes && declared > 0) {
        let speed = match speed {
            Speed::Times(speed) => speed,
            Speed::Full | Speed::Instant => SPEED,
        };
        let has = |kind: &str| graph.nodes.iter().any(|node| node.address.kind() == kind);
        let started = async {
            let mut parts = Vec::new();
            if has(HelmRelease::SCHEMA.kind) {
                parts.push(Part::Helm);
            }
            let mut missing = Vec::new();
            if has(ArgocdApplication::SCHEMA.kind) {
                parts.extend([Part::ArgoCd, Part::ArgoRollouts]);
                missing = argo::check(&programs()?);
            }
            parts.extend(daemon::parts(project));
            // All that is missing at once, and before the first minute of building.
            missing.extend(programs()?.can_build(&parts).await.err());
            if !missing.is_empty() {
                return Err(Error::Usage(missing.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")));
            }
            daemon::build(&programs()?, &parts, output).await?;
            daemon::bring_up(project, speed, output).await
        };
        started.await.map_err(|error| {
            let left_out = "Next: leave out what is in clusters: --no-cluster";
            match there {
                0 => Error::Usage(format!(
                    "{declared} resources of {} are in a cluster: {error}\n{left_out}",
                    graph.stack
                )),
                _ => error,
            }
        })?;
    }
    Ok(graph)
}
