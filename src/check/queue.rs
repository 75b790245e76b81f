//! What a person wants and what the browser reports, in their order, for the one task that owns a page's handles.

use futures::{StreamExt, channel::mpsc};
use leptos::prelude::{LocalStorage, StoredValue, UpdateValue, on_cleanup};

use crate::browser::task::{self, Task};

/// Entries that wait for the driver. Callbacks of one page in one turn of the event loop are some dozens.
const CAPACITY: usize = 1024;

/// The end that pushes. Callbacks of the browser and the page's buttons hold copies of it.
pub struct Queue<T: 'static>(StoredValue<mpsc::Sender<T>, LocalStorage>);

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Queue<T> {}

impl<T> Queue<T> {
    /// Starts the task that reads the queue; it ends, and drops all that it holds, with the page.
    pub fn driven_by<F: Future<Output = ()> + 'static>(
        driver: impl FnOnce(Self, Reader<T>) -> F + 'static,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        let queue = Self(StoredValue::new_local(sender));
        let task = StoredValue::new_local(Some(task::spawn(driver(queue, Reader(receiver)))));
        on_cleanup(move || drop(task.try_update_value(Option::<Task>::take)));
        queue
    }

    /// Puts something at its end. What comes when the page is gone, or when more waits than any page makes, is dropped.
    pub fn push(self, what: T) {
        // One sender for all copies: each clone of it would widen the queue by one.
        self.0.try_update_value(|sender| drop(sender.try_send(what)));
    }
}

/// The end that reads.
pub struct Reader<T>(mpsc::Receiver<T>);

impl<T> Reader<T> {
    /// The next entry; none when the page is gone.
    pub async fn next(&mut self) -> Option<T> {
        self.0.next().await
    }
}
