//! A copy of a state that a store's own replication makes in another region.
//!
//! Objects arrive there late and in any order: a head may name what is not
//! there yet. What such a copy holds for certain is the last state whose
//! segments have all arrived: every run of segments from the first, or from a
//! snapshot, was what a head named once.
//!
//! Nothing writes where copies arrive. What is made of them lies under a name
//! of its own, so that no object that comes late can take the place of one.

use std::collections::BTreeSet;

use super::head::{Head, Snapshot, Span, segment_key};
use super::remote::Heads;
use crate::contents::Contents;
use crate::document::Document;
use crate::history::Revision;
use crate::{Pending, Seal, StateError};

/// Operations whose records were lost had numbers, and AWS may have their tokens: as many are left out.
const LEFT_OUT: i64 = 1_000_000;

/// What can be had of a state from its copy.
#[derive(Clone, Debug)]
pub struct Replica {
    /// Names the state among all states.
    pub lineage: String,
    /// The serial of the state that is whole.
    pub serial: i64,
    /// The serial that the head that arrived names.
    pub named_serial: i64,
    /// Under which epoch its last record was written, and the record's number.
    pub last: (i64, i64),
    /// When its last record was written, in milliseconds since 1970, by the store's clock: a copy keeps its time.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html>
    pub written_ms: Option<i64>,
    /// Writes after it of which something is known.
    pub lost: Vec<LostWrite>,
    /// How many resources it has.
    pub resources: usize,
    /// What was under way.
    pub pending: Vec<Pending>,
    document: Document,
    seal: Option<Seal>,
}

/// A write that is known, and is no part of what can be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostWrite {
    /// Its object.
    pub key: String,
    /// When it was written, in milliseconds since 1970, where it has arrived.
    pub written_ms: Option<i64>,
    /// Whether the head names it.
    pub named: bool,
}

impl Replica {
    /// All of it, to be put where nothing is yet.
    #[must_use]
    pub const fn document(&self) -> &Document {
        &self.document
    }

    /// What it is sealed by.
    #[must_use]
    pub const fn seal(&self) -> Option<&Seal> {
        self.seal.as_ref()
    }
}

impl Heads {
    /// What can be had of the state whose copy this is; none where no head has arrived, or nothing that it names.
    pub(super) async fn survey(&self) -> Result<Option<Replica>, StateError> {
        // The names are listed after the head was read: what it names and has arrived is among them.
        let Some((head, _)) = self.head().await? else { return Ok(None) };
        let mut arrived = self.objects.list("journal").await?;
        arrived.append(&mut self.objects.list("snapshots").await?);
        let Some(reach) = Reach::of(&head, |key| arrived.contains_key(key)) else { return Ok(None) };
        let Reach { snapshot, segments, whole, .. } = &reach;
        let (mut contents, _, chain) = self.follow(&head, snapshot.as_ref(), segments).await?;
        if *whole && (chain != head.chain || contents.serial != head.serial) {
            return Err(self
                .objects
                .damaged("head", "what it names is not what was written: it is no copy of one state"));
        }
        let revisions = self.earlier(&head, &reach, &contents).await?;
        let last = reach.last();
        let key = match segments.last() {
            Some(span) => segment_key(span.epoch, span.last),
            None => snapshot.as_ref().map(Snapshot::key).unwrap_or_default(),
        };
        let lost = reach.lost(&head, arrived.keys()).into_iter().map(|(key, named)| {
            let written_ms = arrived.get(&key).copied();
            LostWrite { key, written_ms, named }
        });
        let lost = lost.collect();
        contents.next_operation += LEFT_OUT;
        let seal = self.sealing(&head).await?;
        Ok(Some(Replica {
            lineage: head.lineage,
            serial: contents.serial,
            named_serial: head.serial,
            last,
            written_ms: arrived.get(&key).copied(),
            lost,
            resources: contents.snapshot().resources.len(),
            pending: contents.pending(),
            document: Document::of(&contents).with_revisions(revisions),
            seal,
        }))
    }

    /// What was before, as far back as it has arrived without a gap.
    async fn earlier(&self, head: &Head, reach: &Reach, contents: &Contents) -> Result<Vec<Revision>, StateError> {
        let (earlier, revisions, _) = self.follow(head, reach.first.0.as_ref(), &reach.first.1).await?;
        if earlier.serial != contents.serial {
            return Err(self.objects.damaged("head", "its snapshots and its segments are not of one state"));
        }
        Ok(revisions)
    }
}

/// How far one gets by what has arrived.
#[derive(Debug, PartialEq, Eq)]
struct Reach {
    /// The last snapshot that one can begin with; the very beginning where there is none.
    snapshot: Option<Snapshot>,
    /// What follows it without a gap.
    segments: Vec<Span>,
    /// The same from the first snapshot that one can begin with.
    first: (Option<Snapshot>, Vec<Span>),
    /// Whether that is all that the head names.
    whole: bool,
    /// What the head names after that.
    beyond: Vec<(i64, i64)>,
}

impl Reach {
    fn of(head: &Head, has: impl Fn(&str) -> bool) -> Option<Self> {
        let named: Vec<(i64, i64)> = head.all_segments().iter().flat_map(Span::names).collect();
        let mut starts = Vec::new();
        let mut at = 0;
        for chapter in &head.chapters {
            starts.push((at, &chapter.snapshot));
            at += chapter.segments.iter().flat_map(Span::names).count();
        }
        starts.push((at, &head.snapshot));
        let there = |(epoch, number): &(i64, i64)| has(&segment_key(*epoch, *number));
        let ends = starts.iter().filter(|(_, start)| start.as_ref().is_none_or(|start| has(&start.key()))).map(
            |(from, start)| {
                let end = named[*from..].iter().position(|name| !there(name)).map_or(named.len(), |gap| from + gap);
                (end, *from, (*start).clone())
            },
        );
        let ends: Vec<_> = ends.collect();
        let (end, from, snapshot) = ends.iter().max_by_key(|(end, from, _)| (*end, *from)).cloned()?;
        if snapshot.is_none() && end == from {
            return None;
        }
        let (_, first, earliest) =
            ends.into_iter().filter(|(other, ..)| *other == end).min_by_key(|(_, from, _)| *from)?;
        Some(Self {
            snapshot,
            segments: spans(&named[from..end]),
            first: (earliest, spans(&named[first..end])),
            whole: end == named.len(),
            beyond: named[end..].to_vec(),
        })
    }

    /// Epoch and number of the last record.
    fn last(&self) -> (i64, i64) {
        let by_snapshot = self.snapshot.as_ref().map(|snapshot| (snapshot.epoch, snapshot.number - 1));
        self.segments.last().map(|span| (span.epoch, span.last)).or(by_snapshot).unwrap_or_default()
    }

    /// What comes after: what the head names, and what has arrived with a later number than it knows.
    fn lost<'a>(&self, head: &Head, arrived: impl IntoIterator<Item = &'a String>) -> Vec<(String, bool)> {
        let mut lost: Vec<(String, bool)> =
            self.beyond.iter().map(|(epoch, number)| (segment_key(*epoch, *number), true)).collect();
        let later: BTreeSet<&String> = arrived
            .into_iter()
            .filter(|key| {
                let number = key.strip_prefix("journal/").and_then(|key| key.strip_suffix(".json"));
                let number = number.and_then(|key| key.split_once('/')).and_then(|(_, number)| number.parse().ok());
                number.is_some_and(|number: i64| number >= head.next_segment)
            })
            .collect();
        lost.extend(later.into_iter().map(|key| (key.clone(), false)));
        lost
    }
}

fn spans(names: &[(i64, i64)]) -> Vec<Span> {
    let mut spans = Vec::new();
    for &(epoch, number) in names {
        Span::add(&mut spans, epoch, number);
    }
    spans
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::time::Duration;

    use bytes::Bytes;
    use futures::TryStreamExt;
    use object_store::memory::InMemory;
    use object_store::path::Path;
    use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
    use proptest::prelude::*;

    use super::super::head::{HEAD, parse};
    use super::super::objects::Objects;
    use super::*;
    use crate::contents::Write;
    use crate::history::Retention;
    use crate::lease::Terms;
    use crate::place::Bucket;
    use crate::shared::Shared;
    use crate::{Backend, Entry, Holder, Identity, Keys, Origin, ResourceRecord, Snapshot as Rows, Store};

    const TERMS: Terms = Terms {
        lease: Duration::from_secs(60),
        margin: Duration::from_secs(1),
        signature: Duration::ZERO,
        pace: Duration::ZERO,
        patience: Duration::from_millis(200),
    };

    /// Names of objects under a state's prefix, with their bytes.
    type Held = BTreeMap<String, Bytes>;

    fn heads(store: Arc<dyn ObjectStore>) -> Heads {
        let bucket =
            Bucket { name: "b".to_owned(), prefix: "p".to_owned(), region: "us-east-1".to_owned(), endpoint: None };
        Heads::over(Objects::over(store, &bucket, TERMS), TERMS, &Keys::default())
    }

    fn waits<T>(work: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("it starts");
        runtime.block_on(work)
    }

    fn put(store: &InMemory, held: &Held) {
        waits(async {
            for (key, bytes) in held {
                store.put(&Path::from(format!("p/{key}")), PutPayload::from(bytes.clone())).await.expect("put");
            }
        });
    }

    fn all(store: &InMemory) -> Held {
        waits(async {
            let objects: Vec<_> = store.list(None).try_collect().await.expect("listed");
            let mut held = Held::new();
            for object in objects {
                let bytes = store.get(&object.location).await.expect("there").bytes().await.expect("whole");
                held.insert(object.location.as_ref().strip_prefix("p/").expect("of the state").to_owned(), bytes);
            }
            held
        })
    }

    fn holder(id: &str) -> Holder {
        Holder {
            id: id.to_owned(),
            who: "mia@build-7".to_owned(),
            pid: 1,
            command: "apply".to_owned(),
            since_ms: 1,
            origin: Origin::default(),
            part: None,
        }
    }

    fn row(number: usize) -> Entry {
        Entry::Recorded(Box::new(ResourceRecord {
            address: format!("demo.aws_vpc.v{number}").parse().expect("an address"),
            region: "us-east-1".to_owned(),
            account: "111122223333".to_owned(),
            identity: Identity(format!("vpc-{number}")),
            attributes: BTreeMap::new(),
            generation: 0,
            depends_on: Vec::new(),
            prevent_destroy: false,
            unsettled: false,
        }))
    }

    /// A state's life: each head that there was, with the rows that it stood for; and every object ever written.
    struct Life {
        heads: Vec<(Bytes, Rows)>,
        objects: Held,
    }

    /// Three runs, the second after so many segments that it makes a snapshot.
    fn life() -> Life {
        let store = Arc::new(InMemory::new());
        let empty = serde_json::to_vec(&Head::new("5eed", 0)).expect("JSON");
        put(&store, &Held::from([(HEAD.to_owned(), empty.into())]));
        let mut life = Life { heads: Vec::new(), objects: Held::new() };
        for (run, writes) in [66, 3, 4].into_iter().enumerate() {
            let remote = heads(Arc::<InMemory>::clone(&store));
            let opened = crate::shared::Opened::ToWrite;
            let state = Shared::over("p", opened, async move {
                let seen = remote.find().await?;
                Ok(seen.map(|seen| (remote, seen)))
            });
            let mut state = state.expect("readable").expect("there");
            state.lock(&holder(&format!("lock-{run}")), 1).expect("free");
            let mut note = |state: &Shared<Heads>| {
                let now = all(&store);
                life.heads.push((now[HEAD].clone(), state.snapshot().expect("readable")));
                life.objects.extend(now);
            };
            note(&state);
            state.begin_run("apply", &[], 1).expect("begun");
            for write in 0..writes {
                note(&state);
                state.append(&[row(run * 100 + write)]).expect("legal");
            }
            note(&state);
            state.forget(&Retention::default(), 1).expect("nothing");
            state.release().expect("released");
        }
        life
    }

    fn head_of(bytes: &Bytes) -> Head {
        parse(bytes).expect("a head")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn whatever_has_arrived_gives_the_longest_run_of_writes_or_nothing(
            chosen in any::<prop::sample::Index>(),
            lacking in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
            thin in any::<bool>(),
        ) {
            let life = life();
            let (bytes, _) = &life.heads[chosen.index(life.heads.len())];
            let names: Vec<&String> = life.objects.keys().filter(|key| *key != HEAD).collect();
            let lacks: BTreeSet<&String> = lacking.iter().map(|index| names[index.index(names.len())]).collect();
            let mut arrived: Held = life
                .objects
                .iter()
                .filter(|(key, _)| *key != HEAD && !lacks.contains(key))
                // Now and then, every third has come alone.
                .enumerate()
                .filter(|(place, _)| !thin || place % 3 != 0)
                .map(|(_, (key, bytes))| (key.clone(), bytes.clone()))
                .collect();
            arrived.insert(HEAD.to_owned(), bytes.clone());
            let store = Arc::new(InMemory::new());
            put(&store, &arrived);
            let found = waits(async { heads(store).survey().await }).expect("each object is whole");

            // By another way: the newest of the heads until this one of which everything is there.
            let named = head_of(bytes);
            let usable = life.heads.iter().filter(|(other, _)| {
                let other = head_of(other);
                let within = other.serial <= named.serial && other.epoch <= named.epoch;
                let wanted = Expected::of(&other);
                within && wanted.any(&arrived)
            });
            let expected = usable.map(|(_, rows)| rows).max_by_key(|rows| rows.serial).filter(|rows| rows.serial > 0);
            let found = found.map(|found| (found.serial, found.document().clone().into_contents().snapshot().resources));
            prop_assert_eq!(found, expected.map(|rows| (rows.serial, rows.resources.clone())));
        }
    }

    /// The ways to read a head: from its snapshot, and from where a head before it that meant the same began.
    struct Expected(Vec<Vec<String>>);

    impl Expected {
        fn of(head: &Head) -> Self {
            let mut starts: Vec<(Option<Snapshot>, Vec<Span>)> = vec![(head.snapshot.clone(), head.segments.clone())];
            let mut later = head.segments.clone();
            for chapter in head.chapters.iter().rev() {
                later = chapter.segments.iter().cloned().chain(later).collect();
                starts.push((chapter.snapshot.clone(), later.clone()));
            }
            Self(
                starts
                    .into_iter()
                    .map(|(snapshot, segments)| {
                        snapshot.iter().map(Snapshot::key).chain(segments.iter().flat_map(Span::keys)).collect()
                    })
                    .collect(),
            )
        }

        fn any(&self, arrived: &Held) -> bool {
            self.0.iter().any(|keys| keys.iter().all(|key| arrived.contains_key(key)))
        }
    }

    #[test]
    fn what_is_behind_a_gap_and_what_no_head_names_is_told_as_lost() {
        let life = life();
        let (bytes, _) = life.heads.last().expect("written");
        let (early, _) = &life.heads[10];
        let mut arrived = life.objects.clone();
        arrived.insert(HEAD.to_owned(), bytes.clone());
        let gap = head_of(bytes).segments.last().expect("segments").clone();
        arrived.remove(&segment_key(gap.epoch, gap.last - 1));
        let store = Arc::new(InMemory::new());
        put(&store, &arrived);
        let found = waits(async { heads(store).survey().await }).expect("whole").expect("usable");
        let lost: Vec<_> =
            found.lost.iter().map(|one| (one.key.clone(), one.written_ms.is_some(), one.named)).collect();
        let name = |number| segment_key(gap.epoch, number);
        assert_eq!(lost, [(name(gap.last - 1), false, true), (name(gap.last), true, true)]);
        assert_eq!((found.last, found.named_serial), ((gap.epoch, gap.last - 2), found.serial + 2));

        let mut arrived = life.objects.clone();
        arrived.insert(HEAD.to_owned(), early.clone());
        let store = Arc::new(InMemory::new());
        put(&store, &arrived);
        let found = waits(async { heads(store).survey().await }).expect("whole").expect("usable");
        assert_eq!(found.serial, head_of(early).serial);
        assert!(found.lost.iter().all(|one| !one.named && one.written_ms.is_some()) && found.lost.len() > 60);
    }

    #[test]
    fn without_a_head_or_with_nothing_that_it_names_there_is_nothing_to_be_had() {
        let life = life();
        let mut arrived = life.objects.clone();
        arrived.remove(HEAD);
        let store = Arc::new(InMemory::new());
        put(&store, &arrived);
        assert!(waits(async { heads(store).survey().await }).expect("read").is_none());
        let store = Arc::new(InMemory::new());
        put(&store, &Held::from([(HEAD.to_owned(), life.heads[20].0.clone())]));
        assert!(waits(async { heads(store).survey().await }).expect("read").is_none());
    }

    #[test]
    fn a_state_that_has_moved_takes_no_write_until_a_document_takes_its_place() {
        let mut contents = Contents::new("5eed");
        let apply = |contents: &mut Contents, write: &Write| {
            let delta = contents.decide(write)?;
            contents.keep(delta);
            Ok::<(), StateError>(())
        };
        let by = holder("lock-1");
        let before = contents.begin("apply", &by, &[], 1);
        apply(&mut contents, &before).expect("open");
        let moved = contents.moved(&by, "s3://b/p?region=eu-west-1");
        apply(&mut contents, &moved).expect("open");
        let unlocked = contents.unlocked(&by, &by);
        apply(&mut contents, &unlocked).expect("a lock can be taken away");
        let next = contents.begin("apply", &by, &[], 2);
        let error = apply(&mut contents, &next).expect_err("it is elsewhere");
        assert!(error.to_string().contains("has moved to s3://b/p?region=eu-west-1"), "{error}");
        let back = contents.replacement(&Document::of(&contents), &by);
        apply(&mut contents, &back).expect("it comes back");
        let next = contents.begin("apply", &by, &[], 3);
        apply(&mut contents, &next).expect("open");
    }

    #[test]
    fn a_survey_writes_nothing() {
        let life = life();
        let store = Arc::new(InMemory::new());
        put(&store, &life.objects);
        let before = all(&store);
        let remote = heads(Arc::<InMemory>::clone(&store));
        waits(async { remote.survey().await }).expect("whole").expect("usable");
        assert_eq!(all(&store), before);
    }
}
