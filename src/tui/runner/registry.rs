//! Performs work at registries; it can be stopped.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Runner, failure};
use crate::engine::tags::Tags;
use crate::engine::tags::ask::{TagQuestion, Unanswered, unanswered};
use crate::engine::tags::platforms::Platform;
use crate::engine::tags::registered::TagAnswer;
use crate::engine::tags::trusted::Trusted;
use crate::engine::tags::verify::{Depth, Heard};
use crate::engine::{Engine, EngineError};
use crate::tuf::Gun;
use crate::tui::messages::event::{Event, JobId, Outcome};
use crate::tui::messages::failure::Failure;
use crate::tui::messages::registry::{LookUp, RegistryFound, RegistryNews, RegistryWork};

/// Bytes of blobs between two words on how far it is.
const STEP: u64 = 256 * 1024;

impl Runner {
    pub(super) fn at_registry(&mut self, job: JobId, work: RegistryWork) {
        let (tags, events) = (self.engine.tags().clone(), self.events.clone());
        match work {
            RegistryWork::Compare(gun, asking) => self.compare(job, gun, asking),
            RegistryWork::StopComparing(gun) => {
                if let Some(stop) = self.comparing.remove(&gun) {
                    stop.cancel();
                }
            }
            RegistryWork::Look(gun, names) => self.until_stopped(job, self.stop.clone(), async move {
                let mut answers = Vec::new();
                let result = tags.ask(&gun, names, |some| answers.extend(some)).await;
                let result = lacking(&gun, result).map_or(Ok(()), Err);
                RegistryFound::Seen(gun, answers, result)
            }),
            RegistryWork::LookUp(asked) => {
                let LookUp { gun, wanted, .. } = asked.clone();
                self.until_stopped(job, self.stop.clone(), async move {
                    let found = tags.candidates(&gun, wanted).await;
                    let found = found.into_iter().map(|(wanted, found)| (wanted, found.map_err(failure::of)));
                    RegistryFound::LookedUp(asked, found.collect())
                });
            }
            RegistryWork::Verify { gun, tags, depth } => {
                self.stop_verifying.cancel();
                self.stop_verifying = self.stop.child_token();
                let engine = self.engine.clone();
                self.until_stopped(job, self.stop_verifying.clone(), async move {
                    let result = verify(&engine, &events, job, (gun, tags), depth).await;
                    RegistryFound::Verified(result.map_err(failure::of))
                });
            }
            RegistryWork::StopVerifying => self.stop_verifying.cancel(),
            RegistryWork::Platforms { gun, tag, digest } => {
                self.until_stopped(job, self.stop.clone(), async move {
                    let (answer, found) = match digest {
                        Some(digest) => (None, tags.platforms(&gun, &digest).await),
                        None => unsigned(&tags, &gun, &tag).await,
                    };
                    RegistryFound::Platforms { gun, tag, answer, found: found.map_err(failure::of) }
                });
            }
        }
    }

    fn until_stopped(
        &mut self,
        job: JobId,
        stop: CancellationToken,
        work: impl Future<Output = RegistryFound> + Send + 'static,
    ) {
        let events = self.events.clone();
        self.tasks.spawn(async move {
            let found = tokio::select! {
                found = work => found,
                () = stop.cancelled() => return,
            };
            // Fails only once the loop has ended, when nobody is left to tell.
            let _ = events.send(Event::Done(job, Outcome::Registry(found))).await;
        });
    }

    /// One at a time for a repository: what runs is stopped.
    fn compare(&mut self, job: JobId, gun: Gun, asking: TagQuestion) {
        let stop = self.stop.child_token();
        if let Some(before) = self.comparing.insert(gun.clone(), stop.clone()) {
            before.cancel();
        }
        let (tags, events) = (self.engine.tags().clone(), self.events.clone());
        self.until_stopped(job, stop, async move {
            let (sender, mut news) = mpsc::channel(64);
            let asked = async {
                let sender = sender;
                tags.ask_all(&gun, asking, &sender).await
            };
            let told = async {
                while let Some(heard) = news.recv().await {
                    tell(&events, job, RegistryNews::Heard(gun.clone(), heard)).await;
                }
            };
            let (result, ()) = tokio::join!(asked, told);
            RegistryFound::Compared(gun.clone(), lacking(&gun, result).map_or(Ok(()), Err))
        });
    }
}

/// What to say where some tags were not answered about; of the others the answers were told.
fn lacking(gun: &Gun, result: Result<Vec<Unanswered>, EngineError>) -> Option<Failure> {
    match result {
        Ok(missing) => unanswered(gun, &missing).into_iter().next().map(Failure::plain),
        Err(error) => Some(failure::of(error)),
    }
}

/// What a tag is that nobody has signed, and its platforms.
async fn unsigned(tags: &Tags, gun: &Gun, tag: &str) -> (Option<TagAnswer>, Result<Vec<Platform>, EngineError>) {
    match tags.ask_one(gun, tag).await {
        Ok((name, Some(found))) => {
            let platforms = tags.platforms(gun, found.digest.as_ref()).await;
            (Some((name, Some(found))), platforms)
        }
        Ok(gone) => (Some(gone), Ok(Vec::new())),
        Err(error) => (None, Err(error)),
    }
}

async fn tell(events: &mpsc::Sender<Event>, job: JobId, news: RegistryNews) {
    // Fails only once the loop has ended, when nobody is left to tell.
    let _ = events.send(Event::Registry(job, news)).await;
}

/// Verifies several images at a time, each with several blobs at once, and tells what it finds.
async fn verify(
    engine: &Engine,
    events: &mpsc::Sender<Event>,
    job: JobId,
    (gun, tags): (Gun, Vec<String>),
    depth: Depth,
) -> Result<(), EngineError> {
    tell(events, job, RegistryNews::Verifying(gun.clone(), tags.clone())).await;
    let read = Arc::new(AtomicU64::new(0));
    let images = engine.tags().trusted_each(&gun, &tags).await?;
    let check = |(tag, trusted): (String, Result<Trusted, EngineError>)| {
        let (depth, read) = (&depth, &read);
        async move {
            let heard = |heard: Heard<'_>| match heard {
                // A full channel must not hold up the reading; the end tells all.
                Heard::Checked(checked) => {
                    let news = RegistryNews::Checked(tag.clone(), checked.clone());
                    let _ = events.try_send(Event::Registry(job, news));
                }
                Heard::Read(bytes) => {
                    let before = read.fetch_add(bytes, Ordering::Relaxed);
                    if before / STEP != (before + bytes) / STEP {
                        let _ = events.try_send(Event::Registry(job, RegistryNews::Read(before + bytes)));
                    }
                }
            };
            let result = match trusted {
                Ok(trusted) => engine.tags().verify(trusted, depth, heard).await,
                Err(error) => Err(error),
            };
            tell(events, job, RegistryNews::Verified(tag.clone(), result.map_err(failure::of))).await;
        }
    };
    stream::iter(images).map(check).buffer_unordered(depth.images_at_once()).for_each(|()| async {}).await;
    tell(events, job, RegistryNews::Read(read.load(Ordering::Relaxed))).await;
    Ok(())
}
