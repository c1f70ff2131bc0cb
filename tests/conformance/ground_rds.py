"""RDS's ground, and a call of each of its operations that succeeds on it."""

from members import Ground, With, listing
from world import ACCOUNT, REGION


class RdsGround(Ground):
    """Instances in several states, one of them in another region, snapshots, and parameter, option and subnet groups."""

    def after(self, seconds, made):
        self.aws.world.advance(seconds)
        return made

    def make_subnets(self):
        return self.aws.db_subnets()

    def make_subnets2(self):
        return self.aws.db_subnets()

    def make_more_subnets(self):
        return [self.aws.subnet(self.aws.vpc("10.8.0.0/16"), 9, "c", "10.8")]

    def make_vpc_subnets(self):
        found = self.aws.rds.describe_db_subnet_groups(DBSubnetGroupName=self["subnets"])["DBSubnetGroups"][0]
        return [subnet["SubnetIdentifier"] for subnet in found["Subnets"]]

    def make_vpc(self):
        return self.aws.rds.describe_db_subnet_groups(DBSubnetGroupName=self["subnets"])["DBSubnetGroups"][0]["VpcId"]

    def make_group(self):
        return self.aws.group(self["vpc"])

    def parameters(self, name):
        self.aws.rds.create_db_parameter_group(
            DBParameterGroupName=name, DBParameterGroupFamily="postgres17", Description="made"
        )
        self.aws.rds.modify_db_parameter_group(
            DBParameterGroupName=name,
            Parameters=[{"ParameterName": "work_mem", "ParameterValue": "8192", "ApplyMethod": "immediate"}],
        )
        return name

    def make_parameters(self):
        return self.parameters("parameters")

    def make_parameters2(self):
        return self.parameters("parameters-too")

    def make_db(self):
        return self.aws.db(DBSubnetGroupName=self["subnets"], EngineVersion="17.4", Tags=[{"Key": "a", "Value": "1"}])

    def make_db2(self):
        return self.aws.db(DBSubnetGroupName=self["subnets"], MultiAZ=True)

    def make_stopped(self):
        name = self.aws.db(DBSubnetGroupName=self["subnets"])
        self.aws.rds.stop_db_instance(DBInstanceIdentifier=name)
        return self.after(1800, name)

    def make_replica(self):
        self.aws.rds.create_db_instance_read_replica(
            DBInstanceIdentifier="replica", SourceDBInstanceIdentifier=self["db2"]
        )
        return self.after(3600, "replica")

    def snapshot(self, name):
        self.aws.rds.create_db_snapshot(
            DBSnapshotIdentifier=name, DBInstanceIdentifier=self["db"], Tags=[{"Key": "a", "Value": "1"}]
        )
        return self.after(1800, name)

    def make_snapshot(self):
        return self.snapshot("snapshot")

    def make_snapshot2(self):
        return self.snapshot("snapshot-too")

    def make_options(self):
        self.aws.rds.create_option_group(
            OptionGroupName="options", EngineName="mysql", MajorEngineVersion="8.0", OptionGroupDescription="made"
        )
        audit = {"OptionName": "MARIADB_AUDIT_PLUGIN"}
        self.aws.rds.modify_option_group(OptionGroupName="options", OptionsToInclude=[audit], ApplyImmediately=True)
        return "options"

    def make_far(self):
        """An encrypted instance of another region, by its ARN."""
        west = self.aws.in_region("rds", WEST)
        made = west.create_db_instance(
            DBInstanceIdentifier="far",
            DBInstanceClass="db.t3.micro",
            Engine="postgres",
            MasterUsername="root",
            MasterUserPassword="correct-horse",
            AllocatedStorage=20,
            StorageEncrypted=True,
        )
        return self.after(3 * 3600, made["DBInstance"]["DBInstanceArn"])

    def make_copied(self):
        """The same, of which backups are copied to here."""
        key = self.aws.key()
        self.aws.rds.start_db_instance_automated_backups_replication(SourceDBInstanceArn=self["far"], KmsKeyId=key)
        return self.after(1800, self["far"])

    def make_key(self):
        return self.aws.key()

    def arn(self):
        return f"arn:aws:rds:{REGION}:{ACCOUNT}:db:{self['db']}"


WEST = "us-west-2"


def of(key, member="DBInstanceIdentifier", **more):
    return lambda g: {member: g[key], **more}


def request(g):
    return dict(
        DBInstanceIdentifier="new",
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        MasterUsername="root",
        MasterUserPassword="correct-horse",
        AllocatedStorage=20,
        DBSubnetGroupName=g["subnets"],
        AvailabilityZone=f"{REGION}a",
        PreferredMaintenanceWindow="sun:04:00-sun:05:00",
        PreferredBackupWindow="03:00-03:30",
    )


WINDOWS = dict(AvailabilityZone=f"{REGION}a", PreferredBackupWindow="03:00-03:30")

BASES = {
    "AddTagsToResource": lambda g: dict(ResourceName=g.arn(), Tags=[{"Key": "new", "Value": "new"}]),
    # No maintenance is due here, so all that can be had of this one is its refusal.
    "ApplyPendingMaintenanceAction": None,
    "CopyDBParameterGroup": lambda g: dict(SourceDBParameterGroupIdentifier=g["parameters"], TargetDBParameterGroupIdentifier="copy", TargetDBParameterGroupDescription="copied"),
    "CopyDBSnapshot": lambda g: dict(SourceDBSnapshotIdentifier=g["snapshot"], TargetDBSnapshotIdentifier="copy"),
    "CopyOptionGroup": lambda g: dict(SourceOptionGroupIdentifier=g["options"], TargetOptionGroupIdentifier="copy", TargetOptionGroupDescription="copied"),
    "CreateDBInstance": request,
    "CreateDBInstanceReadReplica": lambda g: dict(DBInstanceIdentifier="new", SourceDBInstanceIdentifier=g["db"], AvailabilityZone=f"{REGION}a"),
    "CreateDBParameterGroup": listing(DBParameterGroupName="new", DBParameterGroupFamily="postgres17", Description="new"),
    "CreateDBSnapshot": lambda g: dict(DBSnapshotIdentifier="new", DBInstanceIdentifier=g["db"]),
    "CreateDBSubnetGroup": lambda g: dict(DBSubnetGroupName="new", DBSubnetGroupDescription="new", SubnetIds=g["vpc_subnets"]),
    "CreateOptionGroup": listing(OptionGroupName="new", EngineName="mysql", MajorEngineVersion="8.0", OptionGroupDescription="new"),
    "DeleteDBInstance": of("db", SkipFinalSnapshot=True),
    "DeleteDBParameterGroup": of("parameters", "DBParameterGroupName"),
    "DeleteDBSnapshot": of("snapshot", "DBSnapshotIdentifier"),
    "DeleteDBSubnetGroup": of("subnets2", "DBSubnetGroupName"),
    "DeleteOptionGroup": of("options", "OptionGroupName"),
    "DescribeCertificates": listing(),
    "DescribeDBEngineVersions": listing(),
    "DescribeDBInstanceAutomatedBackups": listing(),
    "DescribeDBInstances": listing(),
    "DescribeDBMajorEngineVersions": listing(),
    "DescribeDBParameterGroups": listing(),
    "DescribeDBParameters": of("parameters", "DBParameterGroupName"),
    "DescribeDBSnapshots": listing(),
    "DescribeDBSubnetGroups": listing(),
    "DescribeEngineDefaultParameters": listing(DBParameterGroupFamily="postgres17"),
    "DescribeEvents": listing(Duration=20160),
    "DescribeOptionGroupOptions": listing(EngineName="mysql"),
    "DescribeOptionGroups": listing(),
    "DescribeOrderableDBInstanceOptions": listing(Engine="postgres"),
    "DescribePendingMaintenanceActions": listing(),
    "DescribeValidDBInstanceModifications": of("db"),
    "ListTagsForResource": lambda g: dict(ResourceName=g.arn()),
    "ModifyDBInstance": of("db", BackupRetentionPeriod=3, ApplyImmediately=True),
    "ModifyDBParameterGroup": of("parameters", "DBParameterGroupName", Parameters=[{"ParameterName": "work_mem", "ParameterValue": "16384", "ApplyMethod": "immediate"}]),
    "ModifyDBSnapshot": of("snapshot", "DBSnapshotIdentifier", EngineVersion="17.6"),
    "ModifyDBSubnetGroup": lambda g: dict(DBSubnetGroupName=g["subnets"], DBSubnetGroupDescription="new", SubnetIds=g["vpc_subnets"]),
    "ModifyOptionGroup": of("options", "OptionGroupName", OptionsToInclude=[{"OptionName": "MEMCACHED"}]),
    "PromoteReadReplica": of("replica"),
    "RebootDBInstance": of("db2"),
    "RemoveTagsFromResource": lambda g: dict(ResourceName=g.arn(), TagKeys=["a"]),
    "ResetDBParameterGroup": of("parameters", "DBParameterGroupName", ResetAllParameters=True),
    "RestoreDBInstanceFromDBSnapshot": lambda g: dict(DBInstanceIdentifier="new", DBSnapshotIdentifier=g["snapshot"], DBSubnetGroupName=g["subnets"], **WINDOWS),
    "RestoreDBInstanceToPointInTime": lambda g: dict(TargetDBInstanceIdentifier="new", SourceDBInstanceIdentifier=g["db"], UseLatestRestorableTime=True, **WINDOWS),
    "StartDBInstance": of("stopped"),
    "StartDBInstanceAutomatedBackupsReplication": lambda g: dict(SourceDBInstanceArn=g["far"], KmsKeyId=g["key"]),
    "StopDBInstance": of("db"),
    "StopDBInstanceAutomatedBackupsReplication": of("copied", "SourceDBInstanceArn"),
}

# Values for members of one operation, where the general ones would not tell.
VALUES = {
    "CreateDBInstance.MasterUserPassword": "short",
    "ModifyDBInstance.AllowMajorVersionUpgrade": With(False, {"EngineVersion": "18.1", "AllowMajorVersionUpgrade": True}),
}

GROUND = RdsGround
