//! What callers hold pointers to. Pointers are looked up here and never followed, so that one freed
//! twice, or made up, does no harm.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Living values by the address that callers know them by.
pub struct Live<T>(Mutex<BTreeMap<usize, Arc<T>>>);

impl<T> Live<T> {
    pub const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    pub fn insert(&self, address: usize, value: Arc<T>) {
        self.with(|values| values.insert(address, value));
    }

    pub fn get(&self, address: usize) -> Option<Arc<T>> {
        self.with(|values| values.get(&address).cloned())
    }

    /// Removes it; current users keep it alive until they are done.
    pub fn remove(&self, address: usize) -> Option<Arc<T>> {
        self.with(|values| values.remove(&address))
    }

    fn with<R>(&self, look: impl FnOnce(&mut BTreeMap<usize, Arc<T>>) -> R) -> R {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
