//! How fast calls may be sent: a token bucket per service, region and access that learns from throttles.
//!
//! Additive increase, multiplicative decrease: a throttle cuts the rate and
//! empties the bucket, successes raise it slowly again. A pure state machine
//! over a given `now`; who asks does the waiting.

use std::time::Duration;

use crate::call::{Access, Service};

/// One bucket.
#[derive(Clone, Debug)]
pub struct Limit {
    /// Calls per second now.
    rate: f64,
    /// The rate that it grows back to.
    ceiling: f64,
    /// How many calls may go at once.
    burst: f64,
    /// Calls that may go now; negative while some are waiting for their turn.
    tokens: f64,
    /// When `tokens` was true.
    at: Duration,
    /// When the rate was last cut: one overload answers many calls, and counts once.
    cut_at: Option<Duration>,
}

/// A cut rate never goes below this many calls a second.
const FLOOR: f64 = 0.5;
/// What a throttle leaves of the rate.
const CUT: f64 = 0.6;
/// What a success adds to the rate, in calls a second.
const RAISE: f64 = 0.1;
/// Throttles within this time of a cut belong to the same overload.
const SAME_OVERLOAD: Duration = Duration::from_secs(1);

impl Limit {
    /// The bucket that a service begins with. EC2's are those it documents per action
    /// (<https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>); the others
    /// document none, and begin at what their SDK retries make of a default account.
    #[must_use]
    pub fn for_service(service: Service, access: Access) -> Self {
        let (burst, rate) = match (service, access) {
            (Service::Ec2, Access::Read) => (100.0, 20.0),
            (Service::Ec2, Access::Write) => (50.0, 10.0),
            (Service::Iam, _) => (50.0, 15.0),
            // KMS documents a rate for each call, the least of those that are sent here 5 a second for writes and 100
            // for reads: <https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html>
            (Service::Kms, Access::Read) => (50.0, 50.0),
            (Service::Kms, Access::Write) => (10.0, 5.0),
            // 10 requests a second of each operation:
            // <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>
            (Service::Logs, Access::Read) => (10.0, 10.0),
            (Service::Logs, Access::Write) => (10.0, 5.0),
            // Each operation on alarms 3 to 20 requests a second:
            // <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html>
            (Service::CloudWatch, Access::Read) => (9.0, 9.0),
            (Service::CloudWatch, Access::Write) => (3.0, 3.0),
            // 10 requests a second of those on tags, and at least 30 of the others:
            // <https://docs.aws.amazon.com/sns/latest/api/API_TagResource.html>
            (Service::Sns, Access::Read) => (10.0, 10.0),
            (Service::Sns, Access::Write) => (10.0, 10.0),
            // 50 requests a second, and 10,000 of those that read one secret:
            // <https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html>
            (Service::SecretsManager, Access::Read) => (50.0, 50.0),
            (Service::SecretsManager, Access::Write) => (40.0, 40.0),
            // 10 requests a second of those that read one certificate, 5 of those that change one:
            // <https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html>
            (Service::Acm, Access::Read) => (8.0, 8.0),
            (Service::Acm, Access::Write) => (5.0, 5.0),
            // It documents none.
            (Service::CloudFront, _) => (10.0, 5.0),
            // 5 requests a second of an account, whichever they are:
            // <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-requests>
            (Service::Route53, Access::Read) => (3.0, 3.0),
            (Service::Route53, Access::Write) => (2.0, 2.0),
            // A prefix of a bucket takes 3,500 writes and 5,500 reads a second, and the calls that set something on a
            // bucket have no figure: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html>
            (Service::S3, Access::Read) => (100.0, 50.0),
            (Service::S3, Access::Write) => (50.0, 20.0),
            // 40 requests a second of those that read parameters, 3 of those that write:
            // <https://docs.aws.amazon.com/general/latest/gr/ssm.html>
            (Service::Ssm, Access::Read) => (40.0, 40.0),
            (Service::Ssm, Access::Write) => (3.0, 3.0),
            (_, Access::Read) => (50.0, 10.0),
            (_, Access::Write) => (20.0, 5.0),
        };
        Self { rate, ceiling: rate, burst, tokens: burst, at: Duration::ZERO, cut_at: None }
    }

    /// Takes a place in the line; the call may be sent after the time given.
    pub fn admit(&mut self, now: Duration) -> Duration {
        self.refill(now);
        self.tokens -= 1.0;
        if self.tokens >= 0.0 {
            return Duration::ZERO;
        }
        Duration::from_secs_f64(-self.tokens / self.rate)
    }

    /// A call was answered by a throttle.
    pub fn throttled(&mut self, now: Duration) {
        self.refill(now);
        if self.cut_at.is_some_and(|cut| cut <= now && now - cut < SAME_OVERLOAD) {
            return;
        }
        self.cut_at = Some(now);
        self.rate = (self.rate * CUT).max(FLOOR);
        self.tokens = self.tokens.min(0.0);
    }

    /// A call was answered otherwise.
    pub fn answered(&mut self, now: Duration) {
        self.refill(now);
        self.rate = (self.rate + RAISE).min(self.ceiling);
    }

    /// Calls per second now.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.rate
    }

    fn refill(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        // A clock that is set back is believed: what it says next goes on from there.
        self.at = now;
        self.tokens = (self.tokens + passed * self.rate).min(self.burst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(1_700_000_000 + seconds)
    }

    #[test]
    fn a_burst_goes_at_once_and_what_follows_at_the_rate() {
        let mut limit = Limit::for_service(Service::Ec2, Access::Write);
        for _ in 0..50 {
            assert_eq!(limit.admit(at(0)), Duration::ZERO);
        }
        assert_eq!(limit.admit(at(0)), Duration::from_millis(100));
        assert_eq!(limit.admit(at(0)), Duration::from_millis(200));
        assert_eq!(limit.admit(at(1)), Duration::ZERO, "a second refills ten");
    }

    #[test]
    fn a_throttle_slows_down_once_per_overload_and_successes_speed_up_to_the_ceiling() {
        let mut limit = Limit::for_service(Service::Ec2, Access::Write);
        limit.admit(at(0));
        for _ in 0..5 {
            limit.throttled(at(0));
        }
        assert!((limit.rate() - 6.0).abs() < 1e-9, "{}", limit.rate());
        assert!(limit.admit(at(0)) > Duration::ZERO, "the bucket is empty");
        limit.throttled(at(2));
        assert!((limit.rate() - 3.6).abs() < 1e-9);
        for second in 3..200 {
            limit.answered(at(second));
        }
        assert!((limit.rate() - 10.0).abs() < 1e-9);
    }

    #[test]
    fn a_clock_that_is_set_back_stops_no_refill() {
        let mut limit = Limit::for_service(Service::Sts, Access::Write);
        for _ in 0..21 {
            limit.admit(at(100_000));
        }
        assert!(limit.admit(at(0)) > Duration::ZERO);
        assert_eq!(limit.admit(at(1)), Duration::ZERO, "a second refills five");
    }

    #[test]
    fn the_rate_never_stands_still() {
        let mut limit = Limit::for_service(Service::Eks, Access::Write);
        for second in 0..100 {
            limit.throttled(at(second * 2));
        }
        assert!((limit.rate() - FLOOR).abs() < 1e-9);
    }
}
