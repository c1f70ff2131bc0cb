"""EKS's ground, and a call of each of its operations that succeeds on it."""

import datetime

from members import Ground, With, listing
from world import ACCOUNT, REGION

ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
VIEW = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"


class EksGround(Ground):
    """Two clusters, of which one has nodes, addons, people and pods; and enough of each for a second page."""

    def after(self, seconds, made):
        self.aws.world.advance(seconds)
        return made

    def make_aged(self):
        """A day on which a version is offered no more: the support of 1.29 ends with 2026-03-23."""
        now = self.aws.world.ask("GET", "clock")["now"]
        left = datetime.date(2026, 3, 24) - datetime.date.fromisoformat(now[:10])
        return self.after(max(left.days, 0) * 24 * 3600, {})

    def make_role(self):
        return self.after(60, self.aws.role_arn(self.aws.cluster_role()))

    def make_node_role(self):
        return self.after(60, self.aws.role_arn(self.aws.node_role()))

    def make_pod_role(self):
        return self.after(60, self.aws.role_arn(self.aws.role("pods.eks.amazonaws.com")))

    def make_pod_role2(self):
        return self.after(60, self.aws.role_arn(self.aws.role("pods.eks.amazonaws.com")))

    def make_vpc(self):
        return self.aws.two_subnets()

    def make_group(self):
        return self.aws.group(self["vpc"][0])

    def subnets(self):
        return {"subnetIds": self["vpc"][1]}

    def make_cluster(self):
        name = self.aws.cluster(roleArn=self["role"], resourcesVpcConfig=self.subnets(), version="1.33", tags={"a": "1"})
        return self.after(60, name)

    def make_other(self):
        return self.aws.cluster(roleArn=self["role"], resourcesVpcConfig=self.subnets())

    def arn(self):
        return f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{self['cluster']}"

    def make_nodes(self):
        return self.aws.node_group(self["cluster"], nodeRole=self["node_role"], subnets=self["vpc"][1])

    def make_nodes2(self):
        return self.aws.node_group(self["cluster"], nodeRole=self["node_role"], subnets=self["vpc"][1])

    def make_template(self):
        return self.aws.template("nodes", InstanceType="t3.large")

    def make_templated(self):
        template = self["template"]
        for size in ("t3.xlarge", "t3.2xlarge"):
            self.aws.ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData={"InstanceType": size})
        return self.aws.node_group(
            self["cluster"], nodeRole=self["node_role"], subnets=self["vpc"][1], launchTemplate={"id": template, "version": "1"}
        )

    def make_addon(self):
        self.aws.eks.create_addon(clusterName=self["cluster"], addonName="kube-proxy")
        return self.after(600, "kube-proxy")

    def make_addon2(self):
        self.aws.eks.create_addon(clusterName=self["cluster"], addonName="vpc-cni")
        return self.after(600, "vpc-cni")

    def make_person(self):
        return self.after(60, self.aws.role_arn(self.aws.role(name="people-new")))

    def entry(self, name):
        principal = self.after(60, self.aws.role_arn(self.aws.role(name=name)))
        self.aws.eks.create_access_entry(clusterName=self["cluster"], principalArn=principal)
        return principal

    def make_entry(self):
        return self.entry("people")

    def make_entry2(self):
        return self.entry("people-too")

    def make_policy(self):
        for policy in (ADMIN, VIEW):
            self.aws.eks.associate_access_policy(
                clusterName=self["cluster"], principalArn=self["entry"], policyArn=policy, accessScope={"type": "cluster"}
            )
        return ADMIN

    def pod(self, account):
        made = self.aws.eks.create_pod_identity_association(
            clusterName=self["cluster"], namespace="apps", serviceAccount=account, roleArn=self["pod_role"]
        )
        return made["association"]["associationId"]

    def make_pods(self):
        return self.pod("web")

    def make_pods2(self):
        return self.pod("worker")

    def make_fargate_role(self):
        return self.after(60, self.aws.role_arn(self.aws.role("eks-fargate-pods.amazonaws.com")))

    def fargate(self, name):
        self.aws.eks.create_fargate_profile(
            clusterName=self["cluster"],
            fargateProfileName=name,
            podExecutionRoleArn=self["fargate_role"],
            subnets=self["vpc"][1],
            selectors=[{"namespace": "apps"}],
        )
        return self.after(600, name)

    def make_profile(self):
        return self.fargate("profile")

    def make_profile2(self):
        return self.fargate("profile-too")

    def make_key(self):
        return self.aws.key_arn(self.aws.key())

    def make_key2(self):
        return self.aws.key_arn(self.aws.key())

    def encryption(self):
        return [{"provider": {"keyArn": self["key"]}, "resources": ["secrets"]}]

    def make_update(self):
        made = self.aws.eks.update_cluster_config(name=self["cluster"], deletionProtection=False)
        self.aws.world.advance(600)
        self.aws.eks.update_cluster_config(name=self["cluster"], upgradePolicy={"supportType": "STANDARD"})
        return self.after(600, made["update"]["id"])


def of(**more):
    """Members of a cluster's own things: a text names what the ground has."""
    return lambda g: {"clusterName": g["cluster"], **{name: g[key] for name, key in more.items()}}


BASES = {
    "AssociateAccessPolicy": lambda g: dict(clusterName=g["cluster"], principalArn=g["entry"], policyArn=VIEW, accessScope={"type": "cluster"}),
    "AssociateEncryptionConfig": lambda g: dict(clusterName=g["other"], encryptionConfig=g.encryption()),
    "CreateAccessEntry": lambda g: dict(clusterName=g["cluster"], principalArn=g["person"]),
    "CreateAddon": lambda g: dict(clusterName=g["cluster"], addonName="coredns"),
    "CreateCluster": lambda g: dict(name="new", roleArn=g["role"], resourcesVpcConfig=g.subnets()),
    "CreateNodegroup": lambda g: dict(clusterName=g["cluster"], nodegroupName="new", nodeRole=g["node_role"], subnets=g["vpc"][1], scalingConfig={"minSize": 1, "maxSize": 2, "desiredSize": 1}),
    "CreateFargateProfile": lambda g: dict(clusterName=g["cluster"], fargateProfileName="new", podExecutionRoleArn=g["fargate_role"], subnets=g["vpc"][1], selectors=[{"namespace": "new", "labels": {"a": "b"}}]),
    "CreatePodIdentityAssociation": lambda g: dict(clusterName=g["cluster"], namespace="new", serviceAccount="new", roleArn=g["pod_role"]),
    "DeleteAccessEntry": of(principalArn="entry"),
    "DeleteAddon": of(addonName="addon"),
    "DeleteCluster": lambda g: dict(name=g["other"]),
    "DeleteNodegroup": of(nodegroupName="nodes"),
    "DeleteFargateProfile": of(fargateProfileName="profile"),
    "DeletePodIdentityAssociation": of(associationId="pods"),
    "DescribeAccessEntry": of(principalArn="entry"),
    "DescribeAddon": of(addonName="addon"),
    "DescribeAddonConfiguration": listing(addonName="vpc-cni", addonVersion="v1.20.4-eksbuild.2"),
    "DescribeAddonVersions": listing(),
    "DescribeCluster": lambda g: dict(name=g["cluster"]),
    "DescribeClusterVersions": lambda g: dict(g["aged"]),
    "DescribeNodegroup": of(nodegroupName="nodes"),
    "DescribeFargateProfile": of(fargateProfileName="profile"),
    "DescribePodIdentityAssociation": of(associationId="pods"),
    "DescribeUpdate": lambda g: dict(name=g["cluster"], updateId=g["update"]),
    "DisassociateAccessPolicy": of(principalArn="entry", policyArn="policy"),
    "ListAccessEntries": of(),
    "ListAccessPolicies": listing(),
    "ListAddons": of(),
    "ListAssociatedAccessPolicies": of(principalArn="entry"),
    "ListClusters": listing(),
    "ListNodegroups": of(),
    "ListFargateProfiles": of(),
    "ListPodIdentityAssociations": of(),
    "ListTagsForResource": lambda g: dict(resourceArn=g.arn()),
    "ListUpdates": lambda g: dict(name=g["cluster"]),
    "TagResource": lambda g: dict(resourceArn=g.arn(), tags={"new": "new"}),
    "UntagResource": lambda g: dict(resourceArn=g.arn(), tagKeys=["a"]),
    "UpdateAccessEntry": lambda g: dict(clusterName=g["cluster"], principalArn=g["entry"], kubernetesGroups=["new"]),
    "UpdateAddon": lambda g: dict(clusterName=g["cluster"], addonName=g["addon2"], configurationValues='{"env":{"WARM_IP_TARGET":"3"}}'),
    "UpdateClusterConfig": lambda g: dict(name=g["cluster"], logging={"clusterLogging": [{"types": ["api"], "enabled": True}]}),
    "UpdateClusterVersion": lambda g: dict(name=g["cluster"], version="1.34"),
    "UpdateNodegroupConfig": lambda g: dict(clusterName=g["cluster"], nodegroupName=g["nodes"], scalingConfig={"minSize": 1, "maxSize": 3, "desiredSize": 2}),
    "UpdateNodegroupVersion": lambda g: dict(clusterName=g["cluster"], nodegroupName=g["nodes"], force=True),
    "UpdatePodIdentityAssociation": lambda g: dict(clusterName=g["cluster"], associationId=g["pods"], roleArn=g["pod_role2"]),
}

LOGS = {"logging": {"clusterLogging": [{"types": ["api"], "enabled": True}]}}

# Values for members of one operation, where the general ones would not tell.
TAINTED = {"taints": [{"key": "team", "value": "a", "effect": "NO_SCHEDULE"}]}
TAINTING = {"taints": {"addOrUpdateTaints": TAINTED["taints"]}}
UNTAINTING = {"taints": {"removeTaints": TAINTED["taints"]}}
FROM_TEMPLATE = {"launchTemplate": lambda g: {"id": g["template"], "version": "1"}}
NEXT_VERSION = {
    "nodegroupName": lambda g: g["templated"],
    "launchTemplate": lambda g: {"id": g["template"], "version": "2"},
    "force": None,
}
VALUES = {
    "AssociateEncryptionConfig.encryptionConfig[].provider.keyArn": lambda g: g["key2"],
    "CreateCluster.encryptionConfig[].provider.keyArn": lambda g: g["key2"],
    "CreateCluster.encryptionConfig[].resources": With(["pods"], {"encryptionConfig": lambda g: g.encryption()}),
    "CreateNodegroup.launchTemplate.version": With("2", FROM_TEMPLATE),
    "CreateNodegroup.taints[].key": With("crew", TAINTED),
    "CreateNodegroup.taints[].value": With("b", TAINTED),
    "CreateNodegroup.taints[].effect": With("NO_EXECUTE", TAINTED),
    "UpdateNodegroupConfig.taints.addOrUpdateTaints[].key": With("crew", TAINTING),
    "UpdateNodegroupConfig.taints.addOrUpdateTaints[].value": With("b", TAINTING),
    "UpdateNodegroupConfig.taints.addOrUpdateTaints[].effect": With("NO_EXECUTE", TAINTING),
    "UpdateNodegroupConfig.taints.removeTaints[].key": With("crew", UNTAINTING),
    "UpdateNodegroupConfig.taints.removeTaints[].value": With("b", UNTAINTING),
    "UpdateNodegroupConfig.taints.removeTaints[].effect": With("NO_EXECUTE", UNTAINTING),
    "UpdateNodegroupVersion.launchTemplate.version": With("3", NEXT_VERSION),
    "CreateCluster.logging.clusterLogging[].enabled": With(False, LOGS),
    "CreateCluster.logging.clusterLogging[].types": With(["audit"], LOGS),
}

GROUND = EksGround
