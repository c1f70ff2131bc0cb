//! Storage of instances: kinds, sizes, IOPS and throughput, as PostgreSQL has them
//! (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html>).

use serde::{Deserialize, Serialize};

use crate::datastore::{invalid_combination, invalid_value};
use crate::input::Input;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::world::Tx;

const PAGE: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("rds.storage.type", "the kind of storage is gp2, gp3, io1 or io2", PAGE),
    Rule::new("rds.storage.size", "each kind has its least and most size", PAGE),
    Rule::new(
        "rds.storage.iops",
        "io1 and io2 need IOPS, in a ratio to the size; gp3 takes them from 400 GiB on",
        PAGE,
    ),
    Rule::new(
        "rds.storage.autoscaling",
        "the threshold of storage autoscaling is at least a tenth above the size",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html",
    ),
];

/// An instance's storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// `gp2`, `gp3`, `io1` or `io2`.
    pub kind: String,
    /// GiB.
    pub gigabytes: i64,
    /// Provisioned or given IOPS; none for gp2.
    pub iops: Option<i64>,
    /// MiB a second, for gp3.
    pub throughput: Option<i64>,
}

/// What a request says of storage.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked<'a> {
    pub(super) kind: Option<&'a str>,
    pub(super) gigabytes: Option<i64>,
    pub(super) iops: Option<i64>,
    pub(super) throughput: Option<i64>,
}

impl<'a> Asked<'a> {
    /// What a request says of storage.
    pub(super) fn of(input: &Input<'a>) -> Self {
        Self {
            kind: input.text("StorageType"),
            gigabytes: input.integer("AllocatedStorage"),
            iops: input.integer("Iops"),
            throughput: input.integer("StorageThroughput"),
        }
    }
}

/// From this size on, gp3 has four volumes, more IOPS, and takes one's own.
const STRIPED: i64 = 400;

impl Storage {
    /// What IOPS and throughput gp3 of this size has by itself.
    fn given(gigabytes: i64) -> (i64, i64) {
        if gigabytes >= STRIPED { (12_000, 500) } else { (3000, 125) }
    }
}

/// Storage as a request asks for it; `before` is what the instance has now.
pub(super) fn choose(tx: &Tx<'_>, asked: &Asked<'_>, before: Option<&Storage>) -> Result<Storage, Refusal> {
    let by_iops = if asked.iops.is_some() { "io1" } else { "gp2" };
    let kind = asked.kind.or(before.map(|before| before.kind.as_str())).unwrap_or(by_iops);
    tx.enforce("rds.storage.type", ["gp2", "gp3", "io1", "io2"].contains(&kind), || {
        if kind == "standard" || kind == "aurora" || kind == "aurora-iopt1" {
            invalid_combination(format!("Storage type {kind} is not supported for engine postgres"))
        } else {
            invalid_value(format!("Invalid storage type: {kind}"))
        }
    })?;
    let Some(gigabytes) = asked.gigabytes.or(before.map(|before| before.gigabytes)) else {
        return Err(invalid_value("The parameter AllocatedStorage must be provided and must not be blank."));
    };
    let provisioned = kind == "io1" || kind == "io2";
    let least = if provisioned { 100 } else { 20 };
    tx.enforce("rds.storage.size", (least..=65_536).contains(&gigabytes), || {
        invalid_combination(format!(
            "Invalid storage size for engine name postgres and storage type {kind}: {gigabytes}"
        ))
    })?;
    let rule = "rds.storage.iops";
    let same_kind = before.filter(|before| before.kind == kind);
    let iops = if provisioned {
        let iops = asked.iops.or(same_kind.and_then(|before| before.iops));
        tx.enforce(rule, iops.is_some(), || {
            invalid_combination(format!("You must specify iops for storage type {kind}."))
        })?;
        let most = if kind == "io1" { 50 } else { 1000 };
        let number = iops.unwrap_or(1000);
        let fits = (1000..=256_000).contains(&number) && number * 2 >= gigabytes && number <= most * gigabytes;
        tx.enforce(rule, fits, || {
            // A ratio of two i64 for people to read: its last digits do not matter.
            #[allow(clippy::cast_precision_loss)]
            let ratio = number as f64 / gigabytes.max(1) as f64;
            invalid_combination(format!(
                "Invalid iops to storage (GB) ratio for engine name postgres and storage type {kind}: {ratio:.4}"
            ))
        })?;
        Some(number)
    } else {
        let small = gigabytes < STRIPED && (asked.iops.is_some() || asked.throughput.is_some());
        tx.enforce(rule, !(kind == "gp3" && small), || {
            invalid_combination(format!(
                "You can't specify IOPS or storage throughput for engine postgres and a storage size less than {STRIPED}."
            ))
        })?;
        tx.enforce(rule, !(kind == "gp2" && asked.iops.is_some()), || {
            invalid_combination("You can't specify IOPS for storage type gp2.")
        })?;
        let kept = same_kind.filter(|before| (before.gigabytes >= STRIPED) == (gigabytes >= STRIPED));
        let number = asked.iops.or(kept.and_then(|before| before.iops)).unwrap_or(Storage::given(gigabytes).0);
        let fits = kind == "gp2" || (Storage::given(gigabytes).0..=64_000).contains(&number);
        tx.enforce(rule, fits, || {
            invalid_combination(format!("Invalid IOPS for engine name postgres and storage type {kind}: {number}"))
        })?;
        (kind == "gp3").then_some(number)
    };
    let kept = same_kind.filter(|before| (before.gigabytes >= STRIPED) == (gigabytes >= STRIPED));
    let throughput = asked.throughput.or(kept.and_then(|before| before.throughput));
    tx.enforce(rule, asked.throughput.is_none() || kind == "gp3", || {
        invalid_combination(format!("You can't specify storage throughput for storage type {kind}."))
    })?;
    let fits = throughput.is_none_or(|throughput| throughput <= 4000 && throughput * 4 <= iops.unwrap_or(0).max(500));
    tx.enforce(rule, fits, || {
        invalid_combination("The ratio of storage throughput to IOPS must not be more than 0.25.")
    })?;
    Ok(Storage {
        kind: kind.to_owned(),
        gigabytes,
        iops,
        throughput: (kind == "gp3").then(|| throughput.unwrap_or(Storage::given(gigabytes).1)),
    })
}

/// The threshold up to which the storage grows by itself: none where it is the size itself, which turns it off.
pub(super) fn threshold(tx: &Tx<'_>, asked: i64, gigabytes: i64, creating: bool) -> Result<Option<i64>, Refusal> {
    if asked == gigabytes && !creating {
        return Ok(None);
    }
    let rule = "rds.storage.autoscaling";
    tx.enforce(rule, asked > gigabytes, || invalid_combination("Max storage size must be greater than storage size"))?;
    tx.enforce(rule, asked * 10 >= gigabytes * 11, || {
        invalid_combination("The maximum allocated storage must be increased by at least 10 percent.")
    })?;
    tx.enforce(rule, asked <= 65_536, || {
        invalid_combination(format!("Invalid max storage size for engine name postgres: {asked}"))
    })?;
    Ok(Some(asked))
}

/// The threshold of an instance that is made of another: the other's, unless the request has one or turns it off.
pub(super) fn threshold_after(
    tx: &Tx<'_>,
    input: &Input<'_>,
    gigabytes: i64,
    other: Option<i64>,
) -> Result<Option<i64>, Refusal> {
    match input.integer("MaxAllocatedStorage") {
        Some(0) => Ok(None),
        Some(most) => threshold(tx, most, gigabytes, true),
        None => Ok(other.filter(|most| *most > gigabytes)),
    }
}
