//! Sizes of cache nodes
//! (<https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheNodes.SupportedTypes.html>).

const BURSTABLE: &[&str] = &["micro", "small", "medium"];
const LARGE: &[&str] = &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge"];

const SERIES: &[(&str, &[&str])] = &[
    ("t2", BURSTABLE),
    ("t3", BURSTABLE),
    ("t4g", BURSTABLE),
    ("m4", LARGE),
    ("m5", LARGE),
    ("m6g", LARGE),
    ("m7g", LARGE),
    ("r4", LARGE),
    ("r5", LARGE),
    ("r6g", LARGE),
    ("r6gd", LARGE),
    ("r7g", LARGE),
];

fn parts(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix("cache.")?.split_once('.')
}

/// Whether ElastiCache has this size.
#[must_use]
pub fn is_known(name: &str) -> bool {
    let known = |(series, size): (&str, &str)| {
        // Graviton's series end at 16 times an xlarge, the fourth generation's do too.
        let ends = size == "24xlarge" && series != "m5" && series != "r5";
        SERIES.iter().any(|(known, sizes)| *known == series && sizes.contains(&size)) && !ends
    };
    parts(name).is_some_and(known)
}

/// All sizes, the smaller before the larger within each series.
pub fn all() -> impl Iterator<Item = String> {
    let names =
        SERIES.iter().flat_map(|(series, sizes)| sizes.iter().map(move |size| format!("cache.{series}.{size}")));
    names.filter(|name| is_known(name))
}

/// How much a size holds, compared with others: its place among all of them.
#[must_use]
pub fn rank(name: &str) -> Option<usize> {
    let (_, size) = parts(name)?;
    BURSTABLE.iter().chain(LARGE).position(|known| *known == size)
}

/// Whether the size moves data between memory and SSD.
#[must_use]
pub fn has_tiering(name: &str) -> bool {
    parts(name).is_some_and(|(series, _)| series == "r6gd")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_known_by_their_whole_name() {
        assert!(is_known("cache.t4g.small") && is_known("cache.r5.24xlarge"));
        assert!(
            ["t4g.small", "cache.t4g.large", "cache.r7g.24xlarge", "db.t3.micro", "cache.x.y", ""]
                .iter()
                .all(|name| !is_known(name))
        );
    }
}
