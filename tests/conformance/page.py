"""The part of docs/simulator.md that a session writes."""

import surface
from without_trace import WITHOUT_TRACE

BEGIN, END = "<!-- surface: written by `cargo xtask surface` -->\n", "<!-- /surface -->\n"
NAMES = {"ec2": "EC2", "eks": "EKS", "elasticache": "ElastiCache", "iam": "IAM", "kms": "KMS", "rds": "RDS", "sts": "STS", "logs": "CloudWatch Logs", "secretsmanager": "Secrets Manager", "s3": "S3", "sns": "SNS", "cloudwatch": "CloudWatch", "route53": "Route 53", "acm": "ACM", "cloudfront": "CloudFront", "backup": "AWS Backup", "budgets": "AWS Budgets", "ce": "Cost Explorer", "ssm": "Systems Manager", "autoscaling": "Auto Scaling", "elbv2": "Elastic Load Balancing", "elb": "Elastic Load Balancing, classic"}
# Refusals that any operation can answer, which a table need not repeat.
EVERYWHERE = {"NotSimulated", "DryRunOperation"}


def whole(document, operations, members, refusals, excluded):
    """The page with its part as it is now."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + part(operations, members, refusals, excluded) + END + after


def shortened(paths, of=()):
    """Members as a reader wants them: where all that a structure has is among them, the structure alone."""
    shown = []
    for path in paths:
        parts = path.split(".")
        for length in range(1, len(parts) + 1):
            start = ".".join(parts[:length])
            below = {one for one in of if one == start or one.startswith(f"{start}.")}
            if below <= set(paths):
                break
        start = start.removesuffix("[]") if length < len(parts) else start
        if start not in shown:
            shown.append(start)
    return ", ".join(f"`{path}`" for path in shown) or "-"


def names(all_of):
    return ", ".join(f"`{name}`" for name in all_of) or "-"


def kind_of(operation, path, came):
    """What a member is counted as: what came of it decides, whatever is said of it elsewhere."""
    if came in ("changed", "refused"):
        return "honoured"
    if came == "not simulated":
        return came
    return "silent" if f"{operation}.{path}" in WITHOUT_TRACE else "unseen"


def part(operations, members, refusals, excluded):
    kinds = [kind_of(operation, path, came) for operation, found in members.items() for path, came in found.items()]
    honoured, silent, refused, unseen = (kinds.count(one) for one in ("honoured", "silent", "not simulated", "unseen"))
    lines = [
        f"{len(operations)} operations of our types are served, {len(operations)} of {len(operations)}. Of "
        f"{len(kinds)} members of their requests, down to the last leaf and filter, {honoured} are seen to be honoured, "
        f"{silent} are taken and leave no trace at AWS either, {refused} are answered `NotSimulated`, and "
        f"{unseen} are taken and not yet seen to be honoured (`unseen.txt`).",
        "",
    ]
    for service, name in NAMES.items():
        lines += [f"### {name}", "", "| operation | members honoured | not simulated | errors seen |", "|---|---|---|---|"]
        for operation in sorted(one for one in operations if one.startswith(f"{service}.")):
            found = members.get(operation, {})
            counted = {path: kind_of(operation, path, came) for path, came in found.items()}
            taken = [path for path, kind in counted.items() if kind == "honoured"]
            taken += [path for path, kind in counted.items() if kind == "silent"]
            absent = [path for path, kind in counted.items() if kind == "not simulated"]
            errors = sorted(refusals.get(operation, set()) - EVERYWHERE)
            lines.append(
                f"| {operation.partition('.')[2]} | {shortened(taken, found)} | {shortened(absent, found)} | {names(errors)} |"
            )
        lines += ["", f"Not served, with the reasons in `surface.py`: {names(excluded[service])}.", ""]
    return "\n".join(lines) + "\n"
