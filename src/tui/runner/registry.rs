//! Performs work at registries; it can be stopped.

use tokio::sync::mpsc;

use super::{Runner, failure};
use crate::engine::tags::ask::Asking;
use crate::tuf::Gun;
use crate::tui::messages::event::{Event, JobId, Outcome};
use crate::tui::messages::registry::{RegistryFound, RegistryNews, RegistryWork};

impl Runner {
    pub(super) fn at_registry(&mut self, job: JobId, work: RegistryWork) {
        match work {
            RegistryWork::Compare(gun, asking) => self.compare(job, gun, asking),
            RegistryWork::StopComparing(gun) => {
                if let Some(stop) = self.comparing.remove(&gun) {
                    stop.cancel();
                }
            }
        }
    }

    /// One at a time for a repository: what runs is stopped.
    fn compare(&mut self, job: JobId, gun: Gun, asking: Asking) {
        let stop = self.stop.child_token();
        if let Some(before) = self.comparing.insert(gun.clone(), stop.clone()) {
            before.cancel();
        }
        let (tags, events) = (self.engine.tags().clone(), self.events.clone());
        self.tasks.spawn(async move {
            let (sender, mut news) = mpsc::channel(64);
            let asked = async {
                let sender = sender;
                tags.ask_all(&gun, asking, &sender).await
            };
            let told = async {
                while let Some(heard) = news.recv().await {
                    let heard = Event::Registry(job, RegistryNews::Heard(gun.clone(), heard));
                    // Fails only once the loop has ended, when nobody is left to tell.
                    let _ = events.send(heard).await;
                }
            };
            let result = tokio::select! {
                (result, ()) = async { tokio::join!(asked, told) } => result,
                () = stop.cancelled() => return,
            };
            let found = RegistryFound::Compared(gun.clone(), result.map_err(failure::of));
            // As above.
            let _ = events.send(Event::Done(job, Outcome::Registry(found))).await;
        });
    }
}
