//! What an apply could at best take: the longest path through the stack, by the durations that the simulator drew.
//!
//! Each drawn duration names its kind and whose it is; the state says who needs whom. What the simulator does not
//! draw (calls, IAM's propagation, the time between two looks) is not in it: that is what an apply adds.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use fathuss_model::Address;
use fathuss_simulator::{Config, Drawn, Simulator};
use fathuss_state::{ResourceRecord, Sqlite};

/// The resource type that waits for a kind of duration while it is made.
const WAITED_FOR: &[(&str, &str)] = &[
    ("ec2.vpc.create", "aws_vpc"),
    ("ec2.subnet.create", "aws_subnet"),
    ("ec2.nat_gateway.create", "aws_nat_gateway"),
    ("ec2.volume.create", "aws_ebs_volume"),
    ("ec2.instance.launch", "aws_instance"),
    ("ec2.volume.attach", "aws_volume_attachment"),
    ("eks.cluster.create", "aws_eks_cluster"),
    ("eks.node_group.create", "aws_eks_node_group"),
    ("eks.addon.create", "aws_eks_addon"),
    ("rds.instance.create", "aws_db_instance"),
    ("rds.instance.create.multi_az", "aws_db_instance"),
    ("rds.instance.backup", "aws_db_instance"),
    ("elasticache.replication_group.create", "aws_elasticache_replication_group"),
];

/// In seconds, for a stack that was applied in the sandbox that lies there.
pub fn of(sandbox: &Path, stack: &str) -> Result<f64, String> {
    let state = sandbox.join(format!("{stack}.db"));
    let state = Sqlite::read(&state).map_err(|error| error.to_string())?.ok_or("there is no state")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let drawn = runtime.block_on(async {
        let world = Simulator::open(Config { world: Some(sandbox.join("world")), ..Config::new(0) });
        world.map(|world| world.durations()).map_err(|error| error.to_string())
    })?;
    let mut ends = HashMap::new();
    let longest = state.resources.keys().map(|address| end(address, &state.resources, &drawn, &mut ends));
    Ok(longest.fold(0.0, f64::max))
}

/// When a resource is there at the earliest.
fn end(
    address: &Address,
    records: &BTreeMap<Address, ResourceRecord>,
    drawn: &[Drawn],
    ends: &mut HashMap<Address, f64>,
) -> f64 {
    if let Some(end) = ends.get(address) {
        return *end;
    }
    let Some(record) = records.get(address) else { return 0.0 };
    let begin = record.depends_on.iter().map(|needed| end(needed, records, drawn, ends)).fold(0.0, f64::max);
    let own: f64 = drawn.iter().filter(|drawn| waits(record, drawn)).map(|drawn| drawn.seconds).sum();
    ends.insert(address.clone(), begin + own);
    begin + own
}

fn waits(record: &ResourceRecord, drawn: &Drawn) -> bool {
    let kind = record.address.kind();
    // Identities of things in a cluster have a colon where the simulator has a slash.
    let identity = record.identity.0.replacen(':', "/", 1);
    let is_it = match kind {
        "aws_volume_attachment" => record.identity.0.split(':').any(|part| part == drawn.subject),
        _ => identity == drawn.subject || record.identity.0 == drawn.subject,
    };
    is_it && WAITED_FOR.contains(&(drawn.kind.as_str(), kind))
}
