"""What RDS refuses, and in which words."""

from refusal import Cases

CASES = Cases()
refuses = CASES.refuses

COMBINATION = "InvalidParameterCombination"
VALUE = "InvalidParameterValue"
STATE = "InvalidDBInstanceState"


# Subnet groups


@refuses("rds.subnet_group.zones", "DBSubnetGroupDoesNotCoverEnoughAZs", "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: us-east-1a. Add subnets to cover at least 2 AZs.")
def subnets_of_one_zone(aws):
    vpc = aws.vpc()
    subnets = [aws.subnet(vpc, 1, "a"), aws.subnet(vpc, 2, "a")]
    request = dict(DBSubnetGroupName="web", DBSubnetGroupDescription="made", SubnetIds=subnets)
    return lambda: aws.rds.create_db_subnet_group(**request), {}


@refuses("rds.subnet_group.subnets", VALUE, "Some input subnets in :[subnet-0123456789abcdef0] are invalid.")
def subnets_that_are_not_there(aws):
    request = dict(
        DBSubnetGroupName="web", DBSubnetGroupDescription="made", SubnetIds=["subnet-0123456789abcdef0"]
    )
    return lambda: aws.rds.create_db_subnet_group(**request), {}


@refuses("rds.subnet_group.subnets", VALUE, "Some input subnets in :[subnet-0123456789abcdef0, subnet-0123456789abcdef1] are invalid.")
def two_subnets_that_are_not_there(aws):
    subnets = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    request = dict(DBSubnetGroupName="web", DBSubnetGroupDescription="made", SubnetIds=subnets)
    return lambda: aws.rds.create_db_subnet_group(**request), {}


@refuses("rds.subnet_group.exists", "DBSubnetGroupAlreadyExists")
def subnet_group_name_taken(aws):
    request = dict(DBSubnetGroupName="web", DBSubnetGroupDescription="made", SubnetIds=aws.two_subnets()[1])
    aws.rds.create_db_subnet_group(**request)
    return lambda: aws.rds.create_db_subnet_group(**request), {}


@refuses("rds.subnet_group.delete.in_use", "InvalidDBSubnetGroupStateFault", "Cannot delete the subnet group '{group}' because at least one database instance: {db} is still using it.")
def delete_a_subnet_group_in_use(aws):
    group = aws.db_subnets()
    db = aws.db(DBSubnetGroupName=group)
    return lambda: aws.rds.delete_db_subnet_group(DBSubnetGroupName=group), {"group": group, "db": db}


# Instances


@refuses("rds.instance.exists", "DBInstanceAlreadyExists", "DB instance already exists")
def identifier_taken(aws):
    request = aws.db_request()
    aws.rds.create_db_instance(**request)
    return lambda: aws.rds.create_db_instance(**request), {}


def refused_request(rule, code, name, message=None, **more):
    def arrange(aws):
        request = aws.db_request(**more)
        return lambda: aws.rds.create_db_instance(**request), request

    arrange.__name__ = name
    refuses(rule, code, message)(arrange)


refused_request("rds.password.required", VALUE, "no_password", "The parameter MasterUserPassword must be provided and must not be blank.", MasterUserPassword=None)
refused_request("rds.password.form", VALUE, "password_too_short", "The parameter MasterUserPassword is not a valid password because it is shorter than 8 characters.", MasterUserPassword="short")
refused_request("rds.password.form", VALUE, "password_with_an_at", "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', '@', '\"', ' ' may be used.", MasterUserPassword="not@allowed")
refused_request("rds.password.managed", COMBINATION, "password_given_and_managed", ManageMasterUserPassword=True)
refused_request("rds.instance.username", VALUE, "reserved_user", "MasterUsername admin cannot be used as it is a reserved word used by the engine", MasterUsername="admin")
refused_request("rds.instance.db_name", VALUE, "database_name_begins_with_a_digit", "DBName must begin with a letter and contain only alphanumeric characters.", DBName="1web")
refused_request("rds.class.known", VALUE, "unknown_class", "Invalid DB Instance class: db.none.large", DBInstanceClass="db.none.large")
refused_request("rds.engine.version", COMBINATION, "unknown_version", "Cannot find version 99.1 for postgres", EngineVersion="99.1")
refused_request("rds.instance.zone", COMBINATION, "zone_with_multi_az", "Requesting a specific availability zone is not valid for Multi-AZ instances.", MultiAZ=True, AvailabilityZone="us-east-1a")
refused_request("rds.backup.retention", VALUE, "backups_for_too_long", BackupRetentionPeriod=36)
refused_request("rds.window.overlap", VALUE, "windows_overlap", "The backup window and maintenance window must not overlap.", PreferredBackupWindow="04:00-05:00", PreferredMaintenanceWindow="sun:04:30-sun:05:30")
refused_request("rds.port", VALUE, "port_too_low", Port=80)
refused_request("rds.storage.iops", COMBINATION, "provisioned_without_iops", StorageType="io1", AllocatedStorage=100)
refused_request("rds.monitoring.role", COMBINATION, "monitoring_without_a_role", "A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0.", MonitoringInterval=60)
refused_request("rds.instance.kms", COMBINATION, "key_without_encryption", KmsKeyId="alias/aws/rds", StorageEncrypted=False)


@refuses("rds.instance.delete.protection", COMBINATION, "Cannot delete protected DB Instance, please disable deletion protection and try again.")
def delete_a_protected_instance(aws):
    db = aws.db(DeletionProtection=True)
    return lambda: aws.rds.delete_db_instance(DBInstanceIdentifier=db, SkipFinalSnapshot=True), {}


@refuses("rds.instance.delete.final_snapshot", COMBINATION, "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.")
def delete_without_a_final_snapshot(aws):
    db = aws.db()
    return lambda: aws.rds.delete_db_instance(DBInstanceIdentifier=db), {}


@refuses("rds.instance.delete.state", STATE, "Instance {db} is already being deleted.")
def delete_an_instance_again(aws):
    db = aws.db()
    aws.rds.delete_db_instance(DBInstanceIdentifier=db, SkipFinalSnapshot=True)
    return lambda: aws.rds.delete_db_instance(DBInstanceIdentifier=db, SkipFinalSnapshot=True), {"db": db}


@refuses("rds.instance.stop.state", STATE, "Instance {db} is not in available state.")
def stop_an_instance_that_is_being_made(aws):
    db = aws.db(ready=False)
    return lambda: aws.rds.stop_db_instance(DBInstanceIdentifier=db), {"db": db}


@refuses("rds.instance.start.state", STATE)
def start_an_instance_that_runs(aws):
    db = aws.db()
    return lambda: aws.rds.start_db_instance(DBInstanceIdentifier=db), {}


@refuses("rds.instance.reboot.state", STATE, "Instance cannot currently reboot due to an in-progress management operation.")
def reboot_an_instance_that_is_being_made(aws):
    db = aws.db(ready=False)
    return lambda: aws.rds.reboot_db_instance(DBInstanceIdentifier=db), {}


@refuses("rds.instance.modify.state", STATE)
def modify_an_instance_that_is_being_made(aws):
    db = aws.db(ready=False)
    return lambda: aws.rds.modify_db_instance(DBInstanceIdentifier=db, BackupRetentionPeriod=3), {}


@refuses("rds.instance.modify.storage.shrink", COMBINATION)
def shrink_storage(aws):
    db = aws.db(AllocatedStorage=100)
    return lambda: aws.rds.modify_db_instance(DBInstanceIdentifier=db, AllocatedStorage=50), {}


@refuses("rds.instance.modify.subnet_group", "InvalidVPCNetworkStateFault", "You cannot move DB instance {db} to subnet group {group}. The specified DB subnet group and DB instance are in the same VPC. Choose a DB subnet group in different VPC than the specified DB instance and try again.")
def move_within_the_vpc(aws):
    subnets = aws.two_subnets()[1]
    for name in ("one", "two"):
        aws.rds.create_db_subnet_group(DBSubnetGroupName=name, DBSubnetGroupDescription="made", SubnetIds=subnets)
    db = aws.db(DBSubnetGroupName="one")
    names = {"db": db, "group": "two"}
    return lambda: aws.rds.modify_db_instance(DBInstanceIdentifier=db, DBSubnetGroupName="two"), names


@refuses("rds.instance.modify.version.major", COMBINATION, "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.")
def a_major_version_unasked(aws):
    db = aws.db(EngineVersion="16")
    targets = aws.rds.describe_db_engine_versions(Engine="postgres", EngineVersion="16")["DBEngineVersions"]
    now = aws.rds.describe_db_instances(DBInstanceIdentifier=db)["DBInstances"][0]["EngineVersion"]
    upgrades = next(one["ValidUpgradeTarget"] for one in targets if one["EngineVersion"] == now)
    major = next(one["EngineVersion"] for one in upgrades if one["IsMajorVersionUpgrade"])
    return lambda: aws.rds.modify_db_instance(
        DBInstanceIdentifier=db, EngineVersion=major, ApplyImmediately=True
    ), {}


@refuses("rds.replica.source_backups", STATE)
def replica_of_an_instance_without_backups(aws):
    db = aws.db(BackupRetentionPeriod=0)
    request = dict(DBInstanceIdentifier="replica", SourceDBInstanceIdentifier=db)
    return lambda: aws.rds.create_db_instance_read_replica(**request), {}


@refuses("rds.instance.delete.final_snapshot.replica", COMBINATION, "FinalDBSnapshotIdentifier can not be specified when deleting a replica instance")
def final_snapshot_of_a_replica(aws):
    db = aws.db(BackupRetentionPeriod=1)
    aws.rds.create_db_instance_read_replica(DBInstanceIdentifier="replica", SourceDBInstanceIdentifier=db)
    aws.world.advance(7200)
    return lambda: aws.rds.delete_db_instance(DBInstanceIdentifier="replica", FinalDBSnapshotIdentifier="last"), {}


# Parameter groups and snapshots


def parameters(aws, name="web"):
    aws.rds.create_db_parameter_group(DBParameterGroupName=name, DBParameterGroupFamily="postgres16", Description="made")
    return name


@refuses("rds.parameter_group.exists", "DBParameterGroupAlreadyExists", "Parameter group web already exists")
def parameter_group_name_taken(aws):
    parameters(aws)
    return lambda: parameters(aws), {}


@refuses("rds.parameter_group.delete.in_use", "InvalidDBParameterGroupState", "One or more database instances are still members of this parameter group{*}")
def delete_a_parameter_group_in_use(aws):
    group = parameters(aws)
    aws.db(EngineVersion="16", DBParameterGroupName=group)
    return lambda: aws.rds.delete_db_parameter_group(DBParameterGroupName=group), {}


@refuses("rds.parameter.exists", VALUE, "Could not find parameter with name: no_such_parameter")
def parameter_that_is_not_there(aws):
    group = parameters(aws)
    wanted = [{"ParameterName": "no_such_parameter", "ParameterValue": "1", "ApplyMethod": "immediate"}]
    return lambda: aws.rds.modify_db_parameter_group(DBParameterGroupName=group, Parameters=wanted), {}


@refuses("rds.parameter.apply_method", COMBINATION, "cannot use immediate apply method for static parameter")
def static_parameter_at_once(aws):
    group = parameters(aws)
    wanted = [{"ParameterName": "max_connections", "ParameterValue": "200", "ApplyMethod": "immediate"}]
    return lambda: aws.rds.modify_db_parameter_group(DBParameterGroupName=group, Parameters=wanted), {}


@refuses("rds.instance.parameter_group", COMBINATION, "The parameter group web with DBParameterGroupFamily postgres16 can't be used for this instance. Please use a parameter group with DBParameterGroupFamily postgres15")
def parameter_group_of_another_family(aws):
    request = aws.db_request(EngineVersion="15", DBParameterGroupName=parameters(aws))
    return lambda: aws.rds.create_db_instance(**request), {}


@refuses("rds.snapshot.exists", "DBSnapshotAlreadyExists", "Cannot create the snapshot because a snapshot with the identifier last already exists.")
def snapshot_name_taken(aws):
    request = dict(DBInstanceIdentifier=aws.db(), DBSnapshotIdentifier="last")
    aws.rds.create_db_snapshot(**request)
    aws.world.advance(3600)
    return lambda: aws.rds.create_db_snapshot(**request), {}


@refuses("rds.snapshot.instance_state", STATE)
def snapshot_of_an_instance_that_is_being_made(aws):
    request = dict(DBInstanceIdentifier=aws.db(ready=False), DBSnapshotIdentifier="last")
    return lambda: aws.rds.create_db_snapshot(**request), {}


@refuses(None, VALUE)
def copy_of_what_is_no_snapshot(aws):
    request = dict(SourceDBSnapshotIdentifier="arn:aws:rds:us-west-2:000000000000:db:far", TargetDBSnapshotIdentifier="copy")
    return lambda: aws.rds.copy_db_snapshot(**request), {}


@refuses(None, "DBSnapshotNotFound", "DBSnapshot not found: nobody", 404)
def copy_of_no_snapshot(aws):
    return lambda: aws.rds.copy_db_snapshot(SourceDBSnapshotIdentifier="nobody", TargetDBSnapshotIdentifier="copy"), {}


@refuses("rds.snapshot.copy.state", "InvalidDBSnapshotState")
def copy_of_a_snapshot_that_is_being_made(aws):
    db = aws.db()
    with aws.at_once():
        aws.rds.create_db_snapshot(DBSnapshotIdentifier="s", DBInstanceIdentifier=db)
    return lambda: aws.rds.copy_db_snapshot(SourceDBSnapshotIdentifier="s", TargetDBSnapshotIdentifier="copy"), {}


@refuses("rds.snapshot.copy.key", COMBINATION)
def copy_of_an_encrypted_snapshot_from_afar_without_a_key(aws):
    db = aws.db(StorageEncrypted=True)
    made = aws.rds.create_db_snapshot(DBSnapshotIdentifier="s", DBInstanceIdentifier=db)
    aws.world.advance(3600)
    request = dict(SourceDBSnapshotIdentifier=made["DBSnapshot"]["DBSnapshotArn"], TargetDBSnapshotIdentifier="copy")
    return lambda: aws.in_region("rds", "us-west-2").copy_db_snapshot(**request), {}


@refuses("rds.snapshot.exists", "DBSnapshotAlreadyExists", "Cannot create the snapshot because a snapshot with the identifier last already exists.")
def copy_of_a_snapshot_to_a_name_taken(aws):
    aws.rds.create_db_snapshot(DBSnapshotIdentifier="last", DBInstanceIdentifier=aws.db())
    aws.world.advance(3600)
    return lambda: aws.rds.copy_db_snapshot(SourceDBSnapshotIdentifier="last", TargetDBSnapshotIdentifier="last"), {}


@refuses("rds.snapshot.copy.quota", "SnapshotQuotaExceeded", "Cannot copy more than 5 snapshots across regions")
def copies_beyond_the_quota(aws):
    made = aws.rds.create_db_snapshot(DBSnapshotIdentifier="s", DBInstanceIdentifier=aws.db())
    aws.world.advance(3600)
    aws.world.ask("PUT", "quotas", {"name": "rds.snapshot-copies", "limit": 5})
    far, source = aws.in_region("rds", "us-west-2"), made["DBSnapshot"]["DBSnapshotArn"]

    def copy(number):
        return far.copy_db_snapshot(SourceDBSnapshotIdentifier=source, TargetDBSnapshotIdentifier=f"copy-{number}")

    for number in range(5):
        copy(number)
    return lambda: copy(5), {}


@refuses("rds.snapshot.copy.target", VALUE)
def copy_to_a_zone(aws):
    aws.rds.create_db_snapshot(DBSnapshotIdentifier="s", DBInstanceIdentifier=aws.db())
    aws.world.advance(3600)
    request = dict(SourceDBSnapshotIdentifier="s", TargetDBSnapshotIdentifier="copy", SnapshotTarget="local-zone")
    return lambda: aws.rds.copy_db_snapshot(**request), {}


@refuses("rds.snapshot.modify.state", "InvalidDBSnapshotState")
def upgrade_of_a_snapshot_that_is_being_made(aws):
    db = aws.db()
    with aws.at_once():
        aws.rds.create_db_snapshot(DBSnapshotIdentifier="s", DBInstanceIdentifier=db)
    return lambda: aws.rds.modify_db_snapshot(DBSnapshotIdentifier="s", EngineVersion="18.1"), {}


@refuses("rds.snapshot.modify.version", COMBINATION, "Cannot upgrade postgres from 16.6 to 15.15")
def upgrade_of_a_snapshot_backwards(aws):
    aws.rds.create_db_snapshot(DBSnapshotIdentifier="s", DBInstanceIdentifier=aws.db(EngineVersion="16.6"))
    aws.world.advance(3600)
    return lambda: aws.rds.modify_db_snapshot(DBSnapshotIdentifier="s", EngineVersion="15.15"), {}


# Option groups


def options(aws, engine="mysql", version="8.0", name="web", **more):
    request = dict(OptionGroupName=name, EngineName=engine, MajorEngineVersion=version, OptionGroupDescription="made")
    aws.rds.create_option_group(**{**request, **more})
    return name


def included(aws, **option):
    name = options(aws)
    return lambda: aws.rds.modify_option_group(OptionGroupName=name, OptionsToInclude=[option]), {}


@refuses("rds.option_group.exists", "OptionGroupAlreadyExistsFault", "An option group named web already exists.")
def option_group_name_taken(aws):
    options(aws)
    return lambda: options(aws), {}


@refuses("rds.option_group.name", VALUE)
def option_group_of_two_hyphens(aws):
    return lambda: options(aws, name="a--b"), {}


@refuses("rds.option_group.description", VALUE, "The parameter OptionGroupDescription must be provided and must not be blank.")
def option_group_that_says_nothing(aws):
    return lambda: options(aws, OptionGroupDescription=""), {}


@refuses("rds.option_group.engine", COMBINATION, "Cannot find major version 4.0 for mysql")
def option_group_of_no_version(aws):
    return lambda: options(aws, version="4.0"), {}


@refuses(None, "OptionGroupNotFoundFault", "Specified OptionGroupName: nobody not found.", 404)
def an_instance_with_no_such_option_group(aws):
    request = aws.db_request(OptionGroupName="nobody")
    return lambda: aws.rds.create_db_instance(**request), {}


@refuses(None, "OptionGroupNotFoundFault", "Specified OptionGroupName: nobody not found.", 404)
def option_group_that_is_not_there(aws):
    return lambda: aws.rds.describe_option_groups(OptionGroupName="nobody"), {}


@refuses("rds.option_group.describe", COMBINATION)
def option_group_by_name_and_by_engine(aws):
    name = options(aws)
    return lambda: aws.rds.describe_option_groups(OptionGroupName=name, EngineName="mysql"), {}


@refuses("rds.option_group.default", VALUE)
def default_option_group_deleted(aws):
    return lambda: aws.rds.delete_option_group(OptionGroupName="default:mysql-8-0"), {}


@refuses("rds.option_group.modify", VALUE, "At least one option must be added, modified, or removed.")
def option_group_changed_by_nothing(aws):
    name = options(aws)
    return lambda: aws.rds.modify_option_group(OptionGroupName=name), {}


@refuses("rds.option.exists", VALUE)
def option_removed_that_is_not_there(aws):
    name = options(aws)
    return lambda: aws.rds.modify_option_group(OptionGroupName=name, OptionsToRemove=["MEMCACHED"]), {}


@refuses("rds.option.setting", VALUE)
def option_with_a_setting_of_another(aws):
    return included(aws, OptionName="MARIADB_AUDIT_PLUGIN", OptionSettings=[{"Name": "BACKLOG_QUEUE_LIMIT", "Value": "1"}])


@refuses("rds.option.setting", VALUE)
def option_without_its_role(aws):
    name = options(aws, engine="sqlserver-se", version="15.00")
    request = dict(OptionGroupName=name, OptionsToInclude=[{"OptionName": "SQLSERVER_BACKUP_RESTORE"}])
    return lambda: aws.rds.modify_option_group(**request), {}


@refuses("rds.option.port", COMBINATION)
def option_that_does_not_listen_at_a_port(aws):
    return included(aws, OptionName="MARIADB_AUDIT_PLUGIN", Port=11211)


@refuses("rds.option_group.quota", "OptionGroupQuotaExceededFault")
def option_groups_without_end(aws):
    for number in range(20):
        options(aws, name=f"web{number}")
    return lambda: options(aws), {}


@refuses("rds.option_group.delete.in_use", "InvalidOptionGroupStateFault", "The option group 'web' cannot be deleted because it is in use.")
def option_group_of_a_snapshot_deleted(aws):
    name = options(aws, engine="postgres", version="17")
    aws.rds.create_db_snapshot(DBSnapshotIdentifier="s", DBInstanceIdentifier=aws.db())
    aws.world.advance(3600)
    aws.rds.modify_db_snapshot(DBSnapshotIdentifier="s", OptionGroupName=name)
    return lambda: aws.rds.delete_option_group(OptionGroupName=name), {}


# Backups copied to another region


def copied(aws, db, **more):
    """A call that lets the backups of an instance here be copied to the west."""
    arn = f"arn:aws:rds:us-east-1:000000000000:db:{db}"
    west = aws.in_region("rds", "us-west-2")
    return lambda: west.start_db_instance_automated_backups_replication(SourceDBInstanceArn=arn, **more)


@refuses(None, VALUE, "Invalid source DB instance ARN: far")
def backups_copied_of_a_bare_name(aws):
    return lambda: aws.rds.start_db_instance_automated_backups_replication(SourceDBInstanceArn="far"), {}


@refuses(None, "DBInstanceNotFound", None, 404)
def backups_copied_of_no_instance(aws):
    return copied(aws, "nobody"), {}


@refuses("rds.backup_replication.region", VALUE)
def backups_copied_to_where_they_are(aws):
    arn = f"arn:aws:rds:us-east-1:000000000000:db:{aws.db()}"
    return lambda: aws.rds.start_db_instance_automated_backups_replication(SourceDBInstanceArn=arn), {}


@refuses("rds.backup_replication.state", STATE)
def backups_copied_where_there_are_none(aws):
    return copied(aws, aws.db(BackupRetentionPeriod=0)), {}


@refuses("rds.backup_replication.state", STATE)
def backups_copied_of_an_instance_that_is_being_made(aws):
    return copied(aws, aws.db(ready=False)), {}


@refuses("rds.backup_replication.once", "InvalidDBInstanceAutomatedBackupState")
def backups_copied_twice(aws):
    copy = copied(aws, aws.db())
    copy()
    return copy, {}


@refuses("rds.backup_replication.retention", VALUE)
def backups_copied_for_too_long(aws):
    return copied(aws, aws.db(), BackupRetentionPeriod=36), {}


@refuses("rds.backup_replication.key", COMBINATION)
def encrypted_backups_copied_without_a_key(aws):
    return copied(aws, aws.db(StorageEncrypted=True)), {}


@refuses("rds.kms.exists", "KMSKeyNotAccessibleFault")
def backups_copied_with_a_key_of_another_region(aws):
    return copied(aws, aws.db(StorageEncrypted=True), KmsKeyId=aws.key()), {}


@refuses(None, STATE, "{*}is not replicating to the current region")
def copying_ended_that_never_began(aws):
    arn = f"arn:aws:rds:us-east-1:000000000000:db:{aws.db()}"
    west = aws.in_region("rds", "us-west-2")
    return lambda: west.stop_db_instance_automated_backups_replication(SourceDBInstanceArn=arn), {}


# Restores, events, maintenance


def restored(aws, **more):
    return lambda: aws.rds.restore_db_instance_to_point_in_time(TargetDBInstanceIdentifier="new", **more)


@refuses("rds.restore.snapshot_state", "InvalidDBSnapshotState")
def restore_from_a_snapshot_that_is_being_made(aws):
    db = aws.db()
    with aws.at_once():
        aws.rds.create_db_snapshot(DBSnapshotIdentifier="s", DBInstanceIdentifier=db)
    subnets = aws.rds.describe_db_instances()["DBInstances"][0]["DBSubnetGroup"]["DBSubnetGroupName"]
    request = dict(DBInstanceIdentifier="new", DBSnapshotIdentifier="s", DBSubnetGroupName=subnets)
    return lambda: aws.rds.restore_db_instance_from_db_snapshot(**request), {}


@refuses("rds.restore.backups", "PointInTimeRestoreNotEnabled")
def restore_without_backups(aws):
    db = aws.db(BackupRetentionPeriod=0)
    return restored(aws, SourceDBInstanceIdentifier=db, UseLatestRestorableTime=True), {}


@refuses("rds.restore.moment", COMBINATION, "Either RestoreTime or UseLatestRestorableTime must be specified.")
def restore_to_no_moment(aws):
    return restored(aws, SourceDBInstanceIdentifier=aws.db()), {}


@refuses("rds.restore.source", COMBINATION)
def restore_of_two(aws):
    db = aws.db()
    resource = aws.rds.describe_db_instances()["DBInstances"][0]["DbiResourceId"]
    more = dict(SourceDbiResourceId=resource, UseLatestRestorableTime=True)
    return restored(aws, SourceDBInstanceIdentifier=db, **more), {}


@refuses("rds.restore.engine", VALUE)
def restore_as_another_engine(aws):
    return restored(aws, SourceDBInstanceIdentifier=aws.db(), UseLatestRestorableTime=True, Engine="mysql"), {}


@refuses("rds.restore.storage", VALUE)
def restore_into_less_storage(aws):
    db = aws.db(AllocatedStorage=40)
    more = dict(UseLatestRestorableTime=True, AllocatedStorage=20)
    return restored(aws, SourceDBInstanceIdentifier=db, **more), {}


@refuses(None, "DBInstanceAutomatedBackupNotFound", None, 404)
def restore_from_backups_that_are_not_there(aws):
    backup = "arn:aws:rds:us-east-1:000000000000:auto-backup:ab-absent"
    return restored(aws, SourceDBInstanceAutomatedBackupsArn=backup, UseLatestRestorableTime=True), {}


@refuses("rds.event.members", COMBINATION, "SourceType must be specified when SourceIdentifier is.")
def events_of_a_name_without_a_type(aws):
    return lambda: aws.rds.describe_events(SourceIdentifier="db"), {}


@refuses("rds.event.members", VALUE)
def events_of_more_than_two_weeks(aws):
    return lambda: aws.rds.describe_events(Duration=14 * 24 * 60 + 1), {}


@refuses("rds.event.members", VALUE)
def events_of_no_time(aws):
    return lambda: aws.rds.describe_events(Duration=0), {}


@refuses("rds.filter.values", VALUE)
def filter_without_values(aws):
    return lambda: aws.rds.describe_db_instances(Filters=[{"Name": "engine", "Values": []}]), {}


@refuses("rds.filter.values", VALUE)
def filter_with_a_blank_value(aws):
    return lambda: aws.rds.describe_db_instances(Filters=[{"Name": "engine", "Values": [""]}]), {}


@refuses("rds.filter.name", VALUE, "Unrecognized filter name: color")
def filter_of_no_name(aws):
    return lambda: aws.rds.describe_db_instances(Filters=[{"Name": "color", "Values": ["blue"]}]), {}


ADVANCED = "To enable the Advanced mode of Database Insights, modify {*} to enable Performance Insights and set the retention period for Performance Insights to at least 465 days."


@refuses("rds.insights.advanced", COMBINATION, ADVANCED)
def advanced_insights_without_insights(aws):
    request = aws.db_request(DatabaseInsightsMode="advanced")
    return lambda: aws.rds.create_db_instance(**request), {}


@refuses("rds.insights.advanced", COMBINATION, ADVANCED)
def advanced_insights_for_a_week(aws):
    request = aws.db_request(DatabaseInsightsMode="advanced", EnablePerformanceInsights=True)
    return lambda: aws.rds.create_db_instance(**request), {}


@refuses("rds.insights.advanced", COMBINATION, ADVANCED)
def shorter_insights_of_an_advanced_instance(aws):
    request = dict(EnablePerformanceInsights=True, PerformanceInsightsRetentionPeriod=465)
    db = aws.db(DatabaseInsightsMode="advanced", **request)
    change = dict(DBInstanceIdentifier=db, PerformanceInsightsRetentionPeriod=7, ApplyImmediately=True)
    return lambda: aws.rds.modify_db_instance(**change), {}


def maintenance(aws, db, action="os-upgrade"):
    return lambda: aws.rds.apply_pending_maintenance_action(
        ResourceIdentifier=db, ApplyAction=action, OptInType="immediate"
    )


@refuses("rds.maintenance.pending", VALUE, "Invalid apply action: repaint")
def maintenance_of_no_kind(aws):
    return maintenance(aws, aws.db(), "repaint"), {}


@refuses("rds.maintenance.pending", VALUE)
def maintenance_that_is_not_due(aws):
    return maintenance(aws, aws.db()), {}


@refuses(None, "ResourceNotFoundFault", None, 404)
def maintenance_of_nothing(aws):
    return maintenance(aws, "absent"), {}


@refuses("rds.certificate_authority", "CertificateNotFound", "Certificate not found: rds-ca-2019", 404)
def certificate_that_is_gone(aws):
    return lambda: aws.rds.describe_certificates(CertificateIdentifier="rds-ca-2019"), {}


# Public instances


CLOSED = "Cannot create a publicly accessible DBInstance.  The specified VPC has no internet gateway attached.Update the VPC and then try again"
NAMELESS = "Cannot create a publicly accessible DBInstance.  The specified VPC does not support DNS resolution, DNS hostnames, or both. Update the VPC and then try again"


@refuses("rds.instance.public", "InvalidVPCNetworkStateFault", CLOSED)
def public_without_an_internet_gateway(aws):
    request = aws.db_request(PubliclyAccessible=True)
    return lambda: aws.rds.create_db_instance(**request), {}


@refuses("rds.instance.public", "InvalidVPCNetworkStateFault", NAMELESS)
def public_without_dns_names(aws):
    vpc, subnets = aws.two_subnets()
    aws.gateway(vpc)
    aws.rds.create_db_subnet_group(DBSubnetGroupName="open", DBSubnetGroupDescription="made", SubnetIds=subnets)
    request = aws.db_request(PubliclyAccessible=True, DBSubnetGroupName="open")
    return lambda: aws.rds.create_db_instance(**request), {}


@refuses("rds.instance.public", "InvalidVPCNetworkStateFault", CLOSED)
def made_public_without_an_internet_gateway(aws):
    name = aws.db()
    return lambda: aws.rds.modify_db_instance(DBInstanceIdentifier=name, PubliclyAccessible=True), {}
