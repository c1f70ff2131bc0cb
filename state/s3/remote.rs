//! The store as all runs share it: the head, who holds the lease, and what counts.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::head::{
    Chapter, Encryption, HEAD, Head, Lease, SealedSegment, Segment, Snapshot, Span, Unreadable, VERSION, link, nonce,
    parse, segment_key,
};
use super::objects::{Condition, Object, Objects, Put, PutError};
use super::transport::Witness;
use crate::contents::{Contents, Delta, Write};
use crate::document::Document;
use crate::lease::{Moment, Tenure, Terms, locked, may_take};
use crate::place::Bucket;
use crate::seal::Opener;
use crate::shared::{Committed, Remote, Seen, Taken};
use crate::{Entry, Envelope, Holder, Keys, Revision, RunId, Seal, Sealing, StateError};

/// A lock that finds more segments than these after the last snapshot makes another.
const SEGMENTS_BEFORE_SNAPSHOT: i64 = 64;

/// Segments of runs that the journal has forgotten are kept this long.
const CHAPTERS_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// How many objects are read at once.
const READS_AT_ONCE: usize = 16;

/// How often the head is read anew where others move it at the same time.
const ATTEMPTS: usize = 32;

/// The objects of a state, and this run's hold on their head.
#[derive(Debug)]
pub struct Heads {
    pub(super) objects: Objects,
    pub(super) terms: Terms,
    tenure: Tenure,
    session: Mutex<Option<Session>>,
    opener: Opener,
}

/// How a state is sealed from a segment on.
enum Change {
    Sealed(Box<Envelope>),
    /// From now on, with the data keys of before, in plain.
    Plain(BTreeMap<String, String>),
}

/// The head as this run has written it last.
#[derive(Debug)]
struct Session {
    head: Head,
    etag: String,
    renewed: Moment,
}

impl Heads {
    pub(super) async fn open(bucket: &Bucket, terms: Terms, keys: &Keys) -> Result<Self, StateError> {
        Ok(Self::over(Objects::open(bucket, terms).await?, terms, keys))
    }

    pub(super) fn over(objects: Objects, terms: Terms, keys: &Keys) -> Self {
        Self { objects, terms, tenure: Tenure::default(), session: Mutex::default(), opener: Opener::new(keys) }
    }

    /// What there is; none where no head is there.
    pub(super) async fn find(&self) -> Result<Option<Seen>, StateError> {
        match self.head().await? {
            Some((head, _)) => self.load(head).await.map(Some),
            None => Ok(None),
        }
    }

    /// What there is; an empty state is made where there is nothing, in a store that can hold one.
    pub(super) async fn find_or_make(&self, lineage: &str, now_ms: i64) -> Result<Seen, StateError> {
        if let Some(seen) = self.find().await? {
            return Ok(seen);
        }
        self.probe().await?;
        let bytes = self.encode(HEAD, &Head::new(lineage, now_ms))?;
        let deadline = Moment::now().after(self.terms.patience);
        // Where somebody else was faster, theirs is the state.
        self.objects.put(HEAD, &bytes, Condition::Absent, deadline).await.map_err(|failed| failed.error)?;
        self.find().await?.ok_or_else(|| self.vanished())
    }

    /// Whether the store refuses a put whose condition does not hold, and takes one whose condition does.
    pub(super) async fn probe(&self) -> Result<(), StateError> {
        let key = format!("probe-{}", nonce());
        let outcome = self.probe_at(&key).await;
        self.objects.delete(&[key]).await;
        outcome
    }

    async fn probe_at(&self, key: &str) -> Result<(), StateError> {
        let unfit = |reason: &str| StateError::Unfit {
            place: self.objects.place(),
            reason: format!("{reason}; use a store that has S3's conditional writes, or PostgreSQL"),
        };
        let deadline = Moment::now().after(self.terms.patience);
        let first = Bytes::from(nonce());
        let put = self.objects.put(key, &first, Condition::Absent, deadline).await.map_err(|failed| failed.error)?;
        let Put::Kept(etag) = put else { return Err(unfit("the store had an object that nobody put")) };
        let refused = async |condition| {
            let witness = Witness::default();
            let put = self.objects.put_once(key, &Bytes::from(nonce()), condition, &witness).await;
            match (put, witness.heard().status) {
                (Ok(_), _) => Ok(false),
                (Err(_), Some(409 | 412)) => Ok(true),
                (Err(error), _) => Err(self.objects.failure(key, "written", &witness.heard(), &error)),
            }
        };
        if !refused(Condition::Absent).await? {
            return Err(unfit("the store overwrites an object although If-None-Match forbids it"));
        }
        if !refused(Condition::Unchanged("\"00000000000000000000000000000000\"")).await? {
            return Err(unfit("the store overwrites an object although If-Match forbids it"));
        }
        let second = Bytes::from(nonce());
        let put = self.objects.put(key, &second, Condition::Unchanged(&etag), deadline).await;
        let Put::Kept(_) = put.map_err(|failed| failed.error)? else {
            return Err(unfit("the store refuses an object although If-Match allows it"));
        };
        match self.objects.get(key).await? {
            Some(Object { age: Some(_), bytes, .. }) if bytes == second => Ok(()),
            Some(Object { age: None, .. }) => Err(unfit("the store's answers have no Date, so that no lease can end")),
            _ => Err(unfit("the store does not give back what was put last")),
        }
    }

    /// Moves this run's head on.
    async fn advance(&self, session: &mut Session, next: Head, deadline: Moment) -> Result<(), StateError> {
        let asked = Moment::now();
        match self.move_head(&next, &session.etag, deadline).await {
            Ok(Ok(etag)) => {
                self.tenure.renewed(asked, self.terms.lease);
                *session = Session { head: next, etag, renewed: asked };
                Ok(())
            }
            Ok(Err(found)) => {
                let holder = found.map(|object| self.decode::<Head>(HEAD, &object.bytes)).transpose()?;
                Err(self.gone(holder.and_then(|head| head.lease).map(|lease| lease.holder).as_ref()))
            }
            Err(PutError { error, in_doubt: false }) => {
                // The segment that it was to name stays where it is; the next has another number.
                session.head.next_segment = session.head.next_segment.max(next.next_segment);
                Err(error)
            }
            Err(PutError { error, in_doubt: true }) => {
                let reason = format!("{error}; whether that was kept is not known, and the next run reads it");
                self.tenure.end(&reason);
                Err(self.not_held(&reason))
            }
        }
    }

    /// Until when a write may be tried; whose the state is where this run's lease is over.
    async fn until(&self, session: &Session) -> Result<Moment, StateError> {
        match self.tenure.until(Duration::ZERO) {
            Ok(until) => Ok(until.min(Moment::now().after(self.terms.patience))),
            Err(_) if self.tenure.lapsed() => {
                let holder = self.holders().await?.into_iter().next();
                let mine = session.head.lease.as_ref().map(|lease| &lease.holder.id);
                Err(self.gone(holder.as_ref().filter(|holder| Some(&holder.id) != mine)))
            }
            Err(reason) => Err(self.not_held(&reason)),
        }
    }

    /// Ends the lease of this id and gives who held it; whose it is where it is another.
    async fn take_away(&self, id: &str) -> Result<Result<Option<Holder>, Holder>, StateError> {
        for _ in 0..ATTEMPTS {
            let Some((head, object)) = self.head().await? else { return Ok(Ok(None)) };
            let Some(Lease { holder, .. }) = head.lease.clone() else { return Ok(Ok(None)) };
            if holder.id != id {
                return Ok(Err(holder));
            }
            let next = Head { lease: None, ..head.renewed() };
            let deadline = Moment::now().after(self.terms.patience);
            if self.move_head(&next, &object.etag, deadline).await.map_err(|failed| failed.error)?.is_ok() {
                return Ok(Ok(Some(holder)));
            }
        }
        Err(self.crowded())
    }

    /// The lease of this id is another's or nobody's, or it is gone now, and the log says so.
    async fn take_away_and_log(&self, id: &str, by: &Holder) -> Result<Result<Option<Holder>, Holder>, StateError> {
        for attempt in 0..ATTEMPTS {
            let Some((head, object)) = self.head().await? else { return Ok(Ok(None)) };
            let Some(Lease { holder, .. }) = head.lease.clone() else { return Ok(Ok(None)) };
            if holder.id != id {
                return Ok(Err(holder));
            }
            let contents = self.load(head.clone()).await?.contents;
            let write = contents.unlocked(by, &holder);
            // Under an epoch of its own, and a number that an earlier attempt has not used.
            let number = head.next_segment + i64::try_from(attempt).unwrap_or_default();
            let segment = Segment {
                version: VERSION,
                lineage: head.lineage.clone(),
                epoch: head.epoch + 1,
                number,
                serial: contents.decide(&write)?.serial,
                nonce: nonce(),
                write,
            };
            let key = segment_key(segment.epoch, number);
            let bytes = self.encode_segment(&key, &segment, self.sealing(&head).await?.as_ref())?;
            let deadline = Moment::now().after(self.terms.patience);
            let put =
                self.objects.put(&key, &bytes, Condition::Absent, deadline).await.map_err(|failed| failed.error)?;
            if let Put::Other(_) = put {
                continue;
            }
            let next = Head { lease: None, epoch: segment.epoch, ..head.with(&segment, &bytes) };
            if self.move_head(&next, &object.etag, deadline).await.map_err(|failed| failed.error)?.is_ok() {
                return Ok(Ok(Some(holder)));
            }
        }
        Err(self.crowded())
    }

    /// Everything that a head names.
    async fn load(&self, mut head: Head) -> Result<Seen, StateError> {
        for _ in 0..ATTEMPTS {
            match self.replay(&head, head.snapshot.as_ref(), &head.segments).await {
                // What the head names is gone: a snapshot has taken its place, or it is damaged.
                Err(StateError::Damaged { path, reason }) => match self.head().await? {
                    Some((now, _)) if now.snapshot != head.snapshot => head = now,
                    _ => return Err(StateError::Damaged { path, reason }),
                },
                other => return other.map(|(contents, _)| Seen { mark: head.nonce, contents }),
            }
        }
        Err(self.crowded())
    }

    /// What a head names, from this snapshot on, which these segments follow; with what was before.
    async fn replay(
        &self,
        head: &Head,
        snapshot: Option<&Snapshot>,
        segments: &[Span],
    ) -> Result<(Contents, Vec<Revision>), StateError> {
        let (contents, revisions, chain) = self.follow(head, snapshot, segments).await?;
        if chain != head.chain || contents.serial != head.serial {
            let reason = "what it names is not what was written: something else than fathuss changed an object";
            return Err(self.objects.damaged(HEAD, reason));
        }
        Ok((contents, revisions))
    }

    /// What these segments make of a snapshot, in the state that this head is of; with what was before and the sum over
    /// them.
    pub(super) async fn follow(
        &self,
        head: &Head,
        snapshot: Option<&Snapshot>,
        segments: &[Span],
    ) -> Result<(Contents, Vec<Revision>, String), StateError> {
        let mut chain = String::new();
        let mut contents = Contents::new(&head.lineage);
        let mut revisions = Vec::new();
        if let Some(snapshot) = snapshot {
            let key = snapshot.key();
            let object = self.objects.get(&key).await?.ok_or_else(|| self.objects.damaged(&key, GONE))?;
            let document = self.decode_snapshot(snapshot, &object.bytes, head).await?;
            if document.lineage() != head.lineage {
                return Err(self.objects.damaged(&key, format!("it is of the state {}", document.lineage())));
            }
            chain.clone_from(&snapshot.chain);
            contents = document.into_contents();
        }
        let mut segments = std::pin::pin!(self.segments(head, segments));
        while let Some((bytes, segment)) = segments.try_next().await? {
            let key = segment_key(segment.epoch, segment.number);
            let mut delta =
                contents.decide(&segment.write).map_err(|error| self.objects.damaged(&key, error.to_string()))?;
            revisions.append(&mut delta.revisions);
            contents.keep(delta);
            chain = link(&chain, &bytes);
            if contents.serial != segment.serial || segment.lineage != head.lineage {
                return Err(self.objects.damaged(&key, "it does not follow the one before it"));
            }
        }
        Ok((contents, revisions, chain))
    }

    fn segments<'a>(
        &'a self,
        head: &'a Head,
        spans: &[Span],
    ) -> impl futures::Stream<Item = Result<(Bytes, Segment), StateError>> + Send + 'a {
        let named: Vec<(i64, i64)> = spans.iter().flat_map(Span::names).collect();
        let reads = named.into_iter().map(async move |(epoch, number)| {
            let key = segment_key(epoch, number);
            let object = self.objects.get(&key).await?.ok_or_else(|| self.objects.damaged(&key, GONE))?;
            let segment = self.decode_segment(&key, &object.bytes, head).await?;
            if (segment.epoch, segment.number) != (epoch, number) {
                return Err(self.objects.damaged(&key, "it is another one, under its name"));
            }
            Ok((object.bytes, segment))
        });
        stream::iter(reads).buffered(READS_AT_ONCE)
    }

    /// Puts a head in the place of the one with this ETag; what is there instead where that is another.
    async fn move_head(
        &self,
        head: &Head,
        etag: &str,
        deadline: Moment,
    ) -> Result<Result<String, Option<Object>>, PutError> {
        let bytes = self.encode(HEAD, head).map_err(|error| PutError { error, in_doubt: false })?;
        Ok(match self.objects.put(HEAD, &bytes, Condition::Unchanged(etag), deadline).await? {
            Put::Kept(etag) => Ok(etag),
            Put::Other(found) => Err(found),
        })
    }

    pub(super) async fn head(&self) -> Result<Option<(Head, Object)>, StateError> {
        let Some(object) = self.objects.get(HEAD).await? else { return Ok(None) };
        Ok(Some((self.decode(HEAD, &object.bytes)?, object)))
    }

    fn decode<T: DeserializeOwned>(&self, key: &str, bytes: &[u8]) -> Result<T, StateError> {
        parse(bytes).map_err(|unreadable| match unreadable {
            Unreadable::Damaged(reason) => self.objects.damaged(key, reason),
            Unreadable::Newer(found) => StateError::Newer { path: self.objects.named(key), found, known: VERSION },
        })
    }

    /// What opens the texts of this head; none where the state never was sealed.
    async fn opening(&self, head: &Head) -> Result<Option<Seal>, StateError> {
        match &head.encryption {
            Some(Encryption { envelope, keys, .. }) if !keys.is_empty() => {
                let seal = Seal::with_keys(&head.lineage, envelope, keys);
                seal.map(Some).map_err(|reason| self.objects.damaged(HEAD, reason))
            }
            Some(Encryption { envelope, .. }) => {
                self.opener.open(&self.objects.place(), &head.lineage, envelope).await.map(Some)
            }
            None => Ok(None),
        }
    }

    /// What seals what is written now.
    pub(super) async fn sealing(&self, head: &Head) -> Result<Option<Seal>, StateError> {
        match &head.encryption {
            Some(encryption) if encryption.holds() => self.opening(head).await,
            _ => Ok(None),
        }
    }

    fn encode_segment(&self, key: &str, segment: &Segment, seal: Option<&Seal>) -> Result<Bytes, StateError> {
        let Some(seal) = seal else { return self.encode(key, segment) };
        let Segment { version, epoch, number, serial, .. } = *segment;
        let text = serde_json::to_string(&segment.write).map_err(|error| error.to_string());
        let sealed = text.and_then(|text| seal.close("segment", key, &text));
        let sealed = sealed.map_err(|reason| self.unwritable(key, reason))?;
        let (lineage, nonce) = (segment.lineage.clone(), segment.nonce.clone());
        self.encode(key, &SealedSegment { version, lineage, epoch, number, serial, nonce, sealed })
    }

    async fn decode_segment(&self, key: &str, bytes: &[u8], head: &Head) -> Result<Segment, StateError> {
        #[derive(Deserialize)]
        struct MaySealed {
            number: i64,
            sealed: Option<IgnoredAny>,
        }
        let MaySealed { number, sealed } = self.decode(key, bytes)?;
        if sealed.is_none() {
            if head.encryption.as_ref().is_some_and(|encryption| encryption.covers(number)) {
                return Err(self.objects.damaged(key, "it is not sealed, in a state that is"));
            }
            return self.decode(key, bytes);
        }
        let SealedSegment { version, lineage, epoch, number, serial, nonce, sealed } = self.decode(key, bytes)?;
        let seal = self.opening(head).await?;
        let seal = seal.ok_or_else(|| self.objects.damaged(key, "it is sealed, in a state that is not"))?;
        let text = seal.open("segment", key, &sealed).map_err(|reason| self.objects.damaged(key, reason))?;
        let write = serde_json::from_str(&text).map_err(|error| self.objects.damaged(key, error.to_string()))?;
        Ok(Segment { version, lineage, epoch, number, serial, nonce, write })
    }

    async fn decode_snapshot(&self, snapshot: &Snapshot, bytes: &[u8], head: &Head) -> Result<Document, StateError> {
        let key = &snapshot.key();
        let has_to_be = head.encryption.as_ref().is_some_and(|encryption| encryption.covers_snapshot(snapshot.number));
        if has_to_be && !Document::is_sealed(bytes) {
            return Err(self.objects.damaged(key, "it is not sealed, in a state that is"));
        }
        let read = if Document::is_sealed(bytes) {
            let seal = self.opening(head).await?;
            seal.ok_or_else(|| "it is sealed, in a state that is not".to_owned())
                .and_then(|seal| Document::opened(bytes, &seal))
        } else {
            Document::parse(bytes)
        };
        read.map_err(|reason| self.objects.damaged(key, reason))
    }

    fn unwritable(&self, key: &str, reason: String) -> StateError {
        StateError::Storage { path: self.objects.named(key), doing: "written", reason }
    }

    /// Writes a segment under the lease; the head that names it says from now on that the state is sealed so.
    async fn commit_as(&self, write: Write, delta: Delta, change: Option<Change>) -> Result<Committed, StateError> {
        let mut session = self.session.lock().await;
        let session = session.as_mut().ok_or_else(|| self.not_held("it has not taken the lock"))?;
        let deadline = self.until(session).await?;
        let (epoch, number) = (session.head.epoch, session.head.next_segment);
        let mut sealed = session.head.clone();
        match change {
            Some(Change::Sealed(envelope)) => {
                sealed.encryption =
                    Some(Encryption { envelope: *envelope, since: number, until: None, keys: BTreeMap::new() });
            }
            Some(Change::Plain(keys)) => {
                let plain = |was: Encryption| Encryption { until: was.until.or(Some(number)), keys, ..was };
                sealed.encryption = sealed.encryption.map(plain);
            }
            None => {}
        }
        let key = segment_key(epoch, number);
        let segment = Segment {
            version: VERSION,
            lineage: session.head.lineage.clone(),
            epoch,
            number,
            serial: delta.serial,
            nonce: nonce(),
            write,
        };
        let bytes = self.encode_segment(&key, &segment, self.sealing(&sealed).await?.as_ref())?;
        match self.objects.put(&key, &bytes, Condition::Absent, deadline).await {
            Ok(Put::Kept(_)) => {}
            Ok(Put::Other(_)) => {
                let reason = "there is a segment of this run that it has not written: is the bucket another's copy?";
                let error = self.objects.damaged(&key, reason);
                self.tenure.end(&error.to_string());
                return Err(error);
            }
            Err(failed) => {
                // Whatever becomes of it, no head will name it: its number is not used again.
                session.head.next_segment += 1;
                return Err(failed.error);
            }
        }
        let next = sealed.with(&segment, &bytes);
        self.advance(session, next, deadline).await?;
        // Under the lease nobody else moves the head.
        Ok(Committed::Kept { delta: Box::new(delta), mark: String::new() })
    }

    fn encode(&self, key: &str, value: &impl Serialize) -> Result<Bytes, StateError> {
        serde_json::to_vec(value).map(Bytes::from).map_err(|error| StateError::Storage {
            path: self.objects.named(key),
            doing: "written",
            reason: error.to_string(),
        })
    }

    fn not_held(&self, reason: &str) -> StateError {
        StateError::NotHeld { path: self.objects.place(), reason: reason.to_owned() }
    }

    fn gone(&self, now: Option<&Holder>) -> StateError {
        self.not_held(&self.tenure.gone(now))
    }

    fn vanished(&self) -> StateError {
        self.objects.damaged(HEAD, "it was there, and it is gone: put back its last version")
    }

    fn crowded(&self) -> StateError {
        StateError::Storage {
            path: self.objects.named(HEAD),
            doing: "written",
            reason: "others change it all the time; run this again".to_owned(),
        }
    }
}

#[async_trait]
impl Remote for Heads {
    async fn newer_than(&self, mark: &str) -> Result<Option<Seen>, StateError> {
        let (head, _) = self.head().await?.ok_or_else(|| self.vanished())?;
        if head.nonce == mark { Ok(None) } else { self.load(head).await.map(Some) }
    }

    async fn lock(&self, holder: &Holder, mark: &str, now_ms: i64) -> Result<Taken, StateError> {
        for _ in 0..ATTEMPTS {
            let (head, object) = self.head().await?.ok_or_else(|| self.vanished())?;
            let from = head.lease.as_ref().map(|lease| lease.holder.clone());
            if let Some(Lease { holder: other, lease_ms }) = &head.lease {
                let Some(age) = object.age else {
                    return Err(locked(other, now_ms));
                };
                may_take(other, Duration::from_millis(*lease_ms), age, &self.terms, now_ms)?;
            }
            // Read before it is taken: what can't be read is nobody's to write.
            let contents = if head.nonce == mark { None } else { Some(self.load(head.clone()).await?.contents) };
            let lease_ms = u64::try_from(self.terms.lease.as_millis()).unwrap_or(u64::MAX);
            let lease = Some(Lease { holder: holder.clone(), lease_ms });
            let mine = Head { epoch: head.epoch + 1, lease, ..head.renewed() };
            let asked = Moment::now();
            let deadline = asked.after(self.terms.patience.min(self.terms.lease));
            match self.move_head(&mine, &object.etag, deadline).await.map_err(|failed| failed.error)? {
                Ok(etag) => {
                    self.tenure.renewed(asked, self.terms.lease);
                    let seen = contents.map(|contents| Seen { mark: mine.nonce.clone(), contents });
                    *self.session.lock().await = Some(Session { head: mine, etag, renewed: asked });
                    return Ok(Taken { from, seen });
                }
                Err(_) => continue,
            }
        }
        Err(self.crowded())
    }

    async fn tidy(&self, contents: &Contents, now_ms: i64) -> Result<(), StateError> {
        let mut session = self.session.lock().await;
        let Some(session) = session.as_mut() else { return Ok(()) };
        if session.head.length() <= SEGMENTS_BEFORE_SNAPSHOT && !session.head.is_outdated() {
            return Ok(());
        }
        let deadline = self.until(session).await?;
        let snapshot = Snapshot {
            epoch: session.head.epoch,
            number: session.head.next_segment,
            chain: session.head.chain.clone(),
        };
        let key = snapshot.key();
        let document = Document::of(contents);
        let bytes = match self.sealing(&session.head).await? {
            Some(seal) => {
                document.to_text(Some(&seal)).map(Bytes::from).map_err(|reason| self.unwritable(&key, reason))?
            }
            None => self.encode(&key, &document)?,
        };
        let put = self.objects.put(&key, &bytes, Condition::Absent, deadline).await.map_err(|failed| failed.error)?;
        if let Put::Other(_) = put {
            return Err(self.objects.damaged(&key, "there is a snapshot of this run that it has not written"));
        }
        let mut next = session.head.renewed();
        let segments = std::mem::take(&mut next.segments);
        let before = next.snapshot.replace(snapshot);
        let last_run = contents.last_run().0;
        next.chapters.push(Chapter { snapshot: before, segments, last_run, ended_ms: now_ms });
        let kept_ms = i64::try_from(CHAPTERS_KEPT.as_millis()).unwrap_or(i64::MAX);
        let keeps = |chapter: &Chapter| chapter.last_run > contents.forgotten || now_ms - chapter.ended_ms <= kept_ms;
        let first = next.chapters.iter().position(keeps).unwrap_or(next.chapters.len());
        let gone: Vec<Chapter> = next.chapters.drain(..first).collect();
        self.advance(session, next, deadline).await?;
        // No head names them any more.
        let snapshots = gone.iter().filter_map(|chapter| chapter.snapshot.as_ref().map(Snapshot::key));
        let segments = gone.iter().flat_map(|chapter| chapter.segments.iter().flat_map(Span::keys));
        self.objects.delete(&snapshots.chain(segments).collect::<Vec<_>>()).await;
        Ok(())
    }

    async fn commit(&self, write: Write, delta: Delta, _: &str) -> Result<Committed, StateError> {
        self.commit_as(write, delta, None).await
    }

    async fn seal(&self) -> Result<Option<Seal>, StateError> {
        let head = self.session.lock().await.as_ref().map(|session| session.head.clone());
        let head = match head {
            Some(head) => head,
            None => self.head().await?.ok_or_else(|| self.vanished())?.0,
        };
        self.sealing(&head).await
    }

    async fn reseal(
        &self,
        sealing: &Sealing,
        write: Write,
        delta: Delta,
        (lineage, _): (&str, &str),
    ) -> Result<Committed, StateError> {
        let head = self.session.lock().await.as_ref().map(|session| session.head.clone());
        let head = head.ok_or_else(|| self.not_held("it has not taken the lock"))?;
        let before = self.opening(&head).await?;
        let seal = self.opener.another(&self.objects.place(), lineage, sealing, before.as_ref()).await?;
        let change = match seal {
            Some(seal) => Change::Sealed(Box::new(seal.envelope().clone())),
            None => Change::Plain(before.map(|before| before.keys_in_plain()).unwrap_or_default()),
        };
        self.commit_as(write, delta, Some(change)).await
    }

    async fn renew(&self) -> bool {
        let mut session = self.session.lock().await;
        let Some(session) = session.as_mut() else { return false };
        let Ok(deadline) = self.tenure.until(Duration::ZERO) else { return false };
        // A write renews it, too.
        if session.renewed.after(self.terms.lease / 3).remaining() == Duration::ZERO {
            let next = session.head.renewed();
            // What goes wrong shows in the tenure; a refusal may pass before the lease does.
            let _ = self.advance(session, next, deadline).await;
        }
        true
    }

    async fn holders(&self) -> Result<Vec<Holder>, StateError> {
        Ok(self.head().await?.and_then(|(head, _)| head.lease).map(|lease| lease.holder).into_iter().collect())
    }

    async fn unlock(&self, id: &str, by: &Holder) -> Result<Option<Holder>, StateError> {
        self.take_away_and_log(id, by).await?.map_err(|holder| locked(&holder, by.since_ms))
    }

    async fn release(&self, id: &str) -> Result<(), StateError> {
        let mut session = self.session.lock().await;
        *session = None;
        // What is another's by now stays so.
        self.take_away(id).await.map(drop)
    }

    async fn entries(&self, forgotten: i64) -> Result<Vec<(RunId, Vec<Entry>)>, StateError> {
        let (head, _) = self.head().await?.ok_or_else(|| self.vanished())?;
        let chapters = head.chapters.iter().filter(|chapter| chapter.last_run > forgotten);
        let earlier = chapters.flat_map(|chapter| chapter.segments.clone());
        let spans: Vec<Span> = earlier.chain(head.segments.clone()).collect();
        let segments = self.segments(&head, &spans).map_ok(|(_, segment)| segment).try_collect::<Vec<_>>().await?;
        let entries = segments.into_iter().filter_map(|segment| match segment.write {
            Write::Append { run, entries } if run.0 > forgotten => Some((run, entries)),
            _ => None,
        });
        Ok(entries.collect())
    }

    async fn past(&self) -> Result<(Contents, Vec<Revision>), StateError> {
        for _ in 0..ATTEMPTS {
            let (head, _) = self.head().await?.ok_or_else(|| self.vanished())?;
            match self.replay(&head, head.first_snapshot(), &head.all_segments()).await {
                // What the head named is gone: history was let go meanwhile, or it is damaged.
                Err(StateError::Damaged { path, reason }) => match self.head().await? {
                    Some((now, _)) if now.chapters.len() != head.chapters.len() || now.snapshot != head.snapshot => {}
                    _ => return Err(StateError::Damaged { path, reason }),
                },
                other => return other,
            }
        }
        Err(self.crowded())
    }

    fn locks_parts(&self) -> bool {
        false
    }

    fn tenure(&self) -> &Tenure {
        &self.tenure
    }

    fn terms(&self) -> &Terms {
        &self.terms
    }

    fn place(&self) -> String {
        self.objects.place()
    }
}

const GONE: &str = "it is gone: put back its last version";
