//! Places for what passes at the same time: so many in all, and so many for whoever comes from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

/// How long somebody waits for a place.
const WAIT: Duration = Duration::from_secs(10);
/// How often it is said that somebody has waited in vain.
const TOLD: Duration = Duration::from_secs(60);

/// All places. One address gets half of them.
pub(super) struct Places {
    all: Arc<Semaphore>,
    share: usize,
    by_address: Mutex<HashMap<IpAddr, Arc<Semaphore>>>,
    wait: Duration,
    told: Mutex<Option<Instant>>,
}

/// A place; it is free again when this is dropped.
pub(super) struct Place {
    _own: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

/// No place became free; whether it is time to say so.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full {
    pub(super) is_news: bool,
}

impl Places {
    pub(super) fn new(most: usize) -> Self {
        Self::waiting(most, WAIT)
    }

    fn waiting(most: usize, wait: Duration) -> Self {
        let all = Arc::new(Semaphore::new(most));
        Self { all, share: most.div_ceil(2), by_address: Mutex::default(), wait, told: Mutex::default() }
    }

    /// Waits for a place, for a while.
    pub(super) async fn take(&self, address: IpAddr) -> Result<Place, Full> {
        let own = self.of_address(address);
        let places = async {
            // The own one first: who waits for that keeps nobody else from any.
            let own = own.acquire_owned().await.ok()?;
            Some(Place { _own: own, _of_all: Arc::clone(&self.all).acquire_owned().await.ok()? })
        };
        // Nothing closes them.
        timeout(self.wait, places).await.ok().flatten().ok_or_else(|| Full { is_news: self.is_news() })
    }

    fn of_address(&self, address: IpAddr) -> Arc<Semaphore> {
        let mut all = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that nobody uses.
        all.retain(|_, own| Arc::strong_count(own) > 1);
        Arc::clone(all.entry(address).or_insert_with(|| Arc::new(Semaphore::new(self.share))))
    }

    fn is_news(&self) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = told.is_none_or(|told| told.elapsed() >= TOLD);
        if is_news {
            *told = Some(Instant::now());
        }
        is_news
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));
    const THIRD: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 3));

    #[tokio::test]
    async fn one_address_gets_half_of_all_places_and_nobody_waits_for_ever() {
        let places = Places::waiting(4, Duration::ZERO);
        let one = [places.take(ONE).await.unwrap(), places.take(ONE).await.unwrap()];
        assert_eq!(places.take(ONE).await.err(), Some(Full { is_news: true }));
        assert_eq!(places.take(ONE).await.err(), Some(Full { is_news: false }), "said a moment ago");
        let other = [places.take(OTHER).await.unwrap(), places.take(OTHER).await.unwrap()];
        assert!(places.take(THIRD).await.is_err(), "all are taken");
        drop(one);
        let third = places.take(THIRD).await.unwrap();
        assert_eq!(places.by_address.lock().unwrap().len(), 2, "who has none is forgotten");
        drop((other, third));
    }
}
