use std::{future::pending, pin::Pin};

use snaproom_session::Time;

use super::visit::now;
use crate::browser::task;

/// One timer for a deadline that moves with every message. One that would ring early is kept, and rings for nobody:
/// setting it anew each time took a twentieth of a page that receives a file.
#[derive(Default)]
pub(super) struct Alarm(Option<(Time, Sleep)>);

type Sleep = Pin<Box<dyn Future<Output = ()>>>;

impl Alarm {
    /// Ends at the deadline; never, where there is none. What was not waited for to its end goes on with the next call.
    pub(super) async fn wait(&mut self, deadline: Option<Time>) {
        let Some(deadline) = deadline else { return pending().await };
        loop {
            if self.0.as_ref().is_none_or(|(at, _)| *at > deadline) {
                let left = deadline.0.saturating_sub(now().0);
                let sleep = task::sleep(u32::try_from(left).unwrap_or(u32::MAX));
                self.0 = Some((deadline, Box::pin(sleep)));
            }
            if let Some((_, sleep)) = &mut self.0 {
                sleep.await;
            }
            self.0 = None;
            if now() >= deadline {
                return;
            }
        }
    }
}
