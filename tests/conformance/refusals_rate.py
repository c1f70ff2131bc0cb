"""What services answer to requests beyond their rates, each with its own words, and with reads that cost nothing else."""

from refusal import Cases

CASES = Cases()
refuses = CASES.refuses


def hasty(name, code, message, status, size, ask):
    """Twice as many calls as the bucket holds: the tokens that come back meanwhile are fewer."""

    def arrange(aws):
        def act():
            for _ in range(2 * size):
                ask(aws)

        return act, {}

    arrange.__name__ = name
    refuses("throttling", code, message, status)(arrange)


hasty("clusters_asked_for_in_haste", "TooManyRequestsException", "Too Many Requests", 429, 80, lambda aws: aws.eks.list_clusters())
hasty("roles_asked_for_in_haste", "Throttling", "Rate exceeded", 400, 100, lambda aws: aws.iam.list_roles())
hasty("instances_asked_for_in_haste", "Throttling", "Rate exceeded", 400, 100, lambda aws: aws.rds.describe_db_instances())
hasty("caches_asked_for_in_haste", "Throttling", "Rate exceeded", 400, 100, lambda aws: aws.elasticache.describe_replication_groups())
hasty("log_groups_asked_for_in_haste", "ThrottlingException", "Rate exceeded", 400, 10, lambda aws: aws.logs.describe_log_groups())
hasty("secrets_asked_for_in_haste", "ThrottlingException", "Rate exceeded", 400, 100, lambda aws: aws.secretsmanager.list_secrets())
hasty("alarms_asked_for_in_haste", "Throttling", "Rate exceeded", 400, 9, lambda aws: aws.cloudwatch.describe_alarms())
hasty("topics_asked_for_in_haste", "Throttling", "Rate exceeded", 400, 30, lambda aws: aws.sns.list_topics())
hasty("callers_asked_for_in_haste", "Throttling", "Rate exceeded", 400, 600, lambda aws: aws.sts.get_caller_identity())
hasty("keys_asked_for_in_haste", "ThrottlingException", "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.", 400, 500, lambda aws: aws.kms.list_keys())
hasty("certificates_asked_for_in_haste", "ThrottlingException", "Rate exceeded", 400, 8, lambda aws: aws.acm.list_certificates())
hasty("zones_asked_for_in_haste", "Throttling", "Rate exceeded", 400, 5, lambda aws: aws.route53.list_hosted_zones())
hasty("vpcs_asked_for_in_haste", "RequestLimitExceeded", "Request limit exceeded.", 503, 100, lambda aws: aws.ec2.describe_vpcs())
