"""Members that AWS takes and that change nothing which its API shows, each with the reason."""

FORCE = "how hard a thing is forced changes how it ends, not that it does; nothing hangs here"
SAME = "an update to what is there already changes nothing, with the same token as with another"

WITHOUT_TRACE = {
    "ec2.DetachNetworkInterface.Force": FORCE,
    "ec2.DetachVolume.Force": FORCE,
    "ec2.StopInstances.Force": FORCE,
    "ec2.StopInstances.SkipOsShutdown": FORCE,
    "ec2.TerminateInstances.Force": FORCE,
    "ec2.TerminateInstances.SkipOsShutdown": FORCE,
    "eks.CreateAddon.resolveConflicts": "conflicts are with what others have put into the cluster; nobody does here",
    "eks.DeleteAddon.preserve": "what stays in the cluster is not seen in EKS's API",
    "eks.ListClusters.include": "it asks for registered clusters too, of which there are none",
    "eks.UpdateAccessEntry.clientRequestToken": SAME,
    "eks.UpdateClusterVersion.force": "it overrides findings of upgrade insights, which find nothing here",
    "eks.UpdateNodegroupVersion.force": "it evicts pods that would not go; there are none",
    "eks.UpdatePodIdentityAssociation.clientRequestToken": SAME,
    "iam.ListAccountAliases.MaxItems": "an account has at most one alias: there is never a second page",
}
