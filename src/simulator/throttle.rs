//! Token buckets: each request takes a token, and a bucket fills at a steady rate up to its size.

use std::collections::HashMap;

use jiff::Timestamp;

/// The bucket that a request takes a token from.
#[derive(Debug, Clone, PartialEq)]
pub struct Bucket {
    /// Its name within account and region.
    pub name: String,
    /// How many tokens it holds.
    pub size: f64,
    /// How many come back each second.
    pub refill: f64,
}

impl Bucket {
    /// A bucket of an operation's own.
    #[must_use]
    pub fn of(service: &str, operation: &str, size: f64, refill: f64) -> Bucket {
        Bucket { name: format!("{service}.{operation}"), size, refill }
    }
}

/// All buckets that are not full.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    left: HashMap<(String, String, String), (f64, Timestamp)>,
}

impl Buckets {
    /// Takes a token; false where there is none. Sizes and rates are AWS's times `factor`.
    pub(crate) fn take(&mut self, account: &str, region: &str, bucket: &Bucket, factor: f64, now: Timestamp) -> bool {
        self.take_many(account, region, bucket, 1.0, factor, now)
    }

    /// Takes so many tokens at once, or none where there are fewer.
    pub(crate) fn take_many(
        &mut self,
        account: &str,
        region: &str,
        bucket: &Bucket,
        tokens: f64,
        factor: f64,
        now: Timestamp,
    ) -> bool {
        // A bucket that a factor leaves without room for what AWS's has room for would let it pass never.
        let (size, refill) = ((bucket.size * factor).max(tokens.min(bucket.size)), bucket.refill * factor);
        let key = (account.to_owned(), region.to_owned(), bucket.name.clone());
        let (left, since) = self.left.get(&key).copied().unwrap_or((size, now));
        let filled = (left + now.duration_since(since).as_secs_f64().max(0.0) * refill).min(size);
        let taken = filled >= tokens;
        self.left.insert(key, (if taken { filled - tokens } else { filled }, now));
        taken
    }

    pub(crate) fn clear(&mut self) {
        self.left.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_runs_dry_and_fills_again() {
        let mut buckets = Buckets::default();
        let bucket = Bucket { name: "x".into(), size: 3.0, refill: 2.0 };
        let now: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        let taken: Vec<bool> = (0..4).map(|_| buckets.take("1", "r", &bucket, 1.0, now)).collect();
        assert_eq!(taken, [true, true, true, false]);
        let later = now + jiff::SignedDuration::from_secs(1);
        let taken: Vec<bool> = (0..3).map(|_| buckets.take("1", "r", &bucket, 1.0, later)).collect();
        assert_eq!(taken, [true, true, false]);
        assert!(buckets.take("1", "elsewhere", &bucket, 1.0, now), "another region has a bucket of its own");
    }

    #[test]
    fn a_factor_makes_buckets_larger_or_smaller_and_leaves_room_for_one_token() {
        let bucket = Bucket { name: "x".into(), size: 3.0, refill: 2.0 };
        let now: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        for (factor, most) in [(2.0, 6), (0.01, 1)] {
            let mut buckets = Buckets::default();
            let taken = (0..20).filter(|_| buckets.take("1", "r", &bucket, factor, now)).count();
            assert_eq!(taken, most);
        }
    }
}
