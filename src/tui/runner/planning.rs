//! Plans, with what is known of passphrases before anybody is asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Work;
use crate::engine::Plan;
use crate::engine::keyring::tried::Tried;
use crate::engine::plan::locked::locked_keys;
use crate::tuf::CanonicalKeyId;
use crate::tui::messages::event::{JobId, Outcome};
use crate::tui::messages::failure::Failure;

impl Work {
    /// Plans; keys whose passphrase is known from elsewhere are unlocked first, so that nobody is asked for them.
    pub(super) async fn plan(&self, job: JobId) -> Result<Arc<Plan>, Failure> {
        let plan = self.blocking(|e| e.stage().plan(None)).await?;
        if self.sources.is_empty() {
            return Ok(Arc::new(plan));
        }
        let (opened, wrong) = self.try_sources(&plan).await;
        if !wrong.is_empty() {
            self.send(job, Some(Outcome::WrongSources(wrong))).await;
        }
        if !opened {
            return Ok(Arc::new(plan));
        }
        self.blocking(|e| e.stage().plan(None)).await.map(Arc::new)
    }

    /// Whether a key was opened, and for which keys something is set that is wrong.
    async fn try_sources(&self, plan: &Plan) -> (bool, BTreeMap<CanonicalKeyId, String>) {
        let locked = locked_keys(&plan.repositories);
        let sources = Arc::clone(&self.sources);
        let tried = self.waiting(move |e| {
            let (mut opened, mut wrong) = (false, BTreeMap::new());
            for key in locked {
                // One that fails keeps no other from being tried; it is asked for.
                let words = match e.keyring().unlock_from(&key.id, &key.role, &sources) {
                    Ok(tried) => {
                        opened |= matches!(tried, Tried::Opened(_));
                        e.keyring().wrong_before(&key.id, &key.role, &key.label, &tried)
                    }
                    Err(error) => sources.token_pin().map(|(source, _)| format!("{source}: {error}")),
                };
                wrong.extend(words.map(|words| (key.id, words)));
            }
            Ok((opened, wrong))
        });
        tried.await.unwrap_or_default()
    }
}
