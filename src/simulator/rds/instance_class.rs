//! Sizes of database instances, as PostgreSQL may have them
//! (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Support.html>).

/// A size, e.g. `db.t3.medium`, with what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstanceClass {
    /// `t3`.
    pub series: &'static str,
    /// `medium`.
    pub size: &'static str,
    /// Memory, in MiB.
    pub memory: u32,
}

const BURSTABLE: &[(&str, u32)] =
    &[("micro", 1024), ("small", 2048), ("medium", 4096), ("large", 8192), ("xlarge", 16_384), ("2xlarge", 32_768)];
const GENERAL: &[(&str, u32)] = &[
    ("large", 8192),
    ("xlarge", 16_384),
    ("2xlarge", 32_768),
    ("4xlarge", 65_536),
    ("8xlarge", 131_072),
    ("12xlarge", 196_608),
    ("16xlarge", 262_144),
    ("24xlarge", 393_216),
];
const MEMORY: &[(&str, u32)] = &[
    ("large", 16_384),
    ("xlarge", 32_768),
    ("2xlarge", 65_536),
    ("4xlarge", 131_072),
    ("8xlarge", 262_144),
    ("12xlarge", 393_216),
    ("16xlarge", 524_288),
    ("24xlarge", 786_432),
];

const SERIES: &[(&str, &[(&str, u32)])] = &[
    ("t3", BURSTABLE),
    ("t4g", BURSTABLE),
    ("m5", GENERAL),
    ("m6g", GENERAL),
    ("m6i", GENERAL),
    ("m7g", GENERAL),
    ("m7i", GENERAL),
    ("m8g", GENERAL),
    ("r5", MEMORY),
    ("r6g", MEMORY),
    ("r6i", MEMORY),
    ("r7g", MEMORY),
    ("r7i", MEMORY),
    ("r8g", MEMORY),
];

/// Series that RDS knows and that these versions of PostgreSQL no longer run on.
const RETIRED: &[&str] = &["m1", "m2", "m3", "m4", "r3", "r4", "t1", "t2", "x1", "x1e", "z1d"];

/// All sizes.
pub fn all() -> impl Iterator<Item = InstanceClass> {
    SERIES.iter().flat_map(|(series, sizes)| {
        // Graviton's series end at 16 times an xlarge.
        let sizes = sizes.iter().filter(|(size, _)| !(series.ends_with('g') && *size == "24xlarge"));
        sizes.map(|(size, memory)| InstanceClass { series, size, memory: *memory })
    })
}

/// The size of that name.
#[must_use]
pub fn named(name: &str) -> Option<InstanceClass> {
    let (series, size) = name.strip_prefix("db.")?.split_once('.')?;
    all().find(|class| class.series == series && class.size == size)
}

/// Whether this is the name of a size that other engines or older versions have.
#[must_use]
pub fn is_retired(name: &str) -> bool {
    name.strip_prefix("db.").and_then(|rest| rest.split_once('.')).is_some_and(|(series, _)| RETIRED.contains(&series))
}

impl InstanceClass {
    /// `db.t3.medium`.
    #[must_use]
    pub fn name(self) -> String {
        format!("db.{}.{}", self.series, self.size)
    }
}
