//! Modifications of volumes: of size, type and speed, which take their time.

use jiff::SignedDuration;

use crate::ec2::resource::{self, Listing};
use crate::ec2::volume::{self, Disk, Modification, Volume};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("DescribeVolumesModifications", describe_modifications), ("ModifyVolume", modify)];

pub(super) const SPANS: &[Span] =
    &[Span::new("ec2.volume.modify", 5.0, 30.0), Span::new("ec2.volume.optimize", 300.0, 1800.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[
    ("ec2.volume.modified", |tx, pending| {
        tx.change::<Volume>(&pending.subject, |volume| {
            if let Some(modification) = volume.modification.as_mut() {
                modification.state = "optimizing".to_owned();
                volume.size = modification.size.1;
                volume.kind.clone_from(&modification.kind.1);
                volume.iops = modification.iops.1;
                volume.throughput = modification.throughput.1;
            }
        });
        tx.transition("ec2.volume.optimize", "ec2.volume.optimized", &pending.subject);
    }),
    ("ec2.volume.optimized", |tx, pending| {
        let now = tx.now();
        tx.change::<Volume>(&pending.subject, |volume| {
            if let Some(modification) = volume.modification.as_mut() {
                modification.state = "completed".to_owned();
                modification.ended = Some(now);
            }
        });
    }),
];

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "ec2.volume.modify.nothing",
        "a modification is of a size, a type, IOPS or throughput",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVolume.html",
    ),
    Rule::new(
        "ec2.volume.modify.shrink",
        "a volume grows only",
        "https://docs.aws.amazon.com/ebs/latest/userguide/modify-volume-requirements.html",
    ),
    Rule::new(
        "ec2.volume.modify.rate",
        "a volume is modified four times in 24 hours, and not while it is being modified",
        "https://docs.aws.amazon.com/ebs/latest/userguide/modify-volume-requirements.html",
    ),
];

/// How often a volume may be modified in a day.
const MODIFICATIONS: usize = 4;
const DAY: SignedDuration = SignedDuration::from_hours(24);

fn modify(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let volume: Volume = resource::find(tx, input.required("VolumeId"))?;
    let given = ["Size", "VolumeType", "Iops", "Throughput", "MultiAttachEnabled"].iter().any(|name| input.has(name));
    // The page has each of them optional, and no source what AWS says to none: these are the words of most Modify
    // operations.
    tx.enforce("ec2.volume.modify.nothing", given, || {
        Refusal::new("InvalidParameterCombination", "No attributes specified.")
    })?;
    let size = input.integer("Size").unwrap_or(volume.size);
    let kind = input.text("VolumeType").unwrap_or(&volume.kind).to_owned();
    let same = kind == volume.kind;
    let kept = |given: Option<i64>, have: Option<i64>| given.or(if same { have } else { None });
    // gp2's follow from its size.
    let iops = if kind == "gp2" { input.integer("Iops") } else { kept(input.integer("Iops"), volume.iops) };
    // "If you change the volume type to io1, io2, or gp3, the default is 3,000", which creating one has for gp3 alone.
    let iops = iops.or_else(|| matches!(kind.as_str(), "io1" | "io2").then_some(3000));
    let throughput = kept(input.integer("Throughput"), volume.throughput);
    tx.enforce("ec2.volume.modify.shrink", size >= volume.size, || {
        Refusal::new("InvalidParameterValue", "New size cannot be smaller than existing size")
    })?;
    let disk = Disk::check(tx, &kind, size, iops, throughput)?;
    volume::check_storage(tx, &kind, if same { size - volume.size } else { size })?;
    if !matches!(volume.state.as_str(), "available" | "in-use") {
        return Err(Refusal::new("IncorrectState", format!("Volume {} is not 'available' or 'in-use'.", volume.id)));
    }
    if let Some(last) = &volume.modification {
        tx.enforce("ec2.volume.modify.rate", last.state == "completed", || {
            let message =
                format!("Volume {} cannot be modified in modification state {}", volume.id, last.state.to_uppercase());
            Refusal::new("IncorrectModificationState", message)
        })?;
    }
    let fourth = volume.modified.len().checked_sub(MODIFICATIONS).and_then(|index| volume.modified.get(index));
    if let Some(fourth) = fourth {
        let next = fourth.checked_add(DAY).unwrap_or(*fourth);
        tx.enforce("ec2.volume.modify.rate", tx.now() >= next, || {
            // No source has the words; the page says that they tell when.
            let message = format!(
                "You've reached the maximum modification rate per volume limit. The volume can be modified again at {next}."
            );
            Refusal::new("VolumeModificationRateExceeded", message)
        })?;
    }
    let modification = Modification {
        state: "modifying".to_owned(),
        size: (volume.size, disk.size),
        kind: (volume.kind.clone(), disk.kind),
        iops: (volume.iops, disk.iops),
        throughput: (volume.throughput, disk.throughput),
        started: tx.now(),
        ended: None,
    };
    tx.change::<Volume>(&volume.id, |volume| {
        volume.modified.push(modification.started);
        volume.modified.drain(..volume.modified.len().saturating_sub(MODIFICATIONS));
        volume.modification = Some(modification);
    });
    tx.transition("ec2.volume.modify", "ec2.volume.modified", &volume.id);
    let volume: Volume = resource::find(tx, &volume.id)?;
    Ok(record! { "VolumeModification" => modification_view(&volume) })
}

fn modification_view(volume: &Volume) -> Value {
    let Some(modification) = &volume.modification else { return Value::Absent };
    let progress = match modification.state.as_str() {
        "modifying" => 0_i64,
        "optimizing" => 50,
        _ => 100,
    };
    record! {
        "VolumeId" => &volume.id,
        "ModificationState" => &modification.state,
        "TargetSize" => modification.size.1,
        "TargetIops" => modification.iops.1,
        "TargetVolumeType" => &modification.kind.1,
        "TargetThroughput" => modification.throughput.1,
        "TargetMultiAttachEnabled" => volume.multi_attach,
        "OriginalSize" => modification.size.0,
        "OriginalIops" => modification.iops.0,
        "OriginalVolumeType" => &modification.kind.0,
        "OriginalThroughput" => modification.throughput.0,
        "OriginalMultiAttachEnabled" => volume.multi_attach,
        "Progress" => progress,
        "StartTime" => modification.started,
        "EndTime" => modification.ended,
    }
}

fn describe_modifications(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let _ = input.flag("IncludeManagedResources");
    let ids = input.texts("VolumeIds");
    for id in &ids {
        let volume: Volume = resource::find(tx, id)?;
        if volume.modification.is_none() {
            let message = format!("Modification for volume '{id}' does not exist.");
            return Err(Refusal::new("InvalidVolumeModification.NotFound", message));
        }
    }
    let names = [
        "volume-id",
        "modification-state",
        "target-size",
        "original-size",
        "target-volume-type",
        "original-volume-type",
    ];
    let filters = resource::known_filters(tx, input, &names)?;
    let items = tx
        .rows::<Volume>()
        .filter(|volume| volume.modification.is_some() && (ids.is_empty() || ids.contains(&volume.id.as_str())))
        .map(|volume| (volume, modification_view(volume)))
        .filter(|(volume, view)| {
            filters.iter().all(|filter| {
                let value = match filter.name.as_str() {
                    "modification-state" => view.get("ModificationState").text().map(str::to_owned),
                    "target-size" => view.get("TargetSize").integer().map(|size| size.to_string()),
                    "original-size" => view.get("OriginalSize").integer().map(|size| size.to_string()),
                    "target-volume-type" => view.get("TargetVolumeType").text().map(str::to_owned),
                    "original-volume-type" => view.get("OriginalVolumeType").text().map(str::to_owned),
                    _ => Some(volume.id.clone()),
                };
                filter.fits(&value.into_iter().collect::<Vec<_>>())
            })
        })
        .map(|(volume, view)| (volume.id.clone(), view))
        .collect();
    let listing = Listing { ids: "VolumeIds", answer: "VolumesModifications", ids_exclude_pages: None };
    resource::paged(tx, input, items, listing)
}
