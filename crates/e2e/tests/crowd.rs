//! More than two: everything that somebody sends reaches everybody, once.

use std::time::Duration;

use anyhow::{Result, ensure};
use futures::future::try_join_all;
use snaproom_e2e::{Server, Tab};

/// "5 tabs in a room, each sending to all".
const PEOPLE: usize = 5;

/// Five browsers share the machine.
const ARRIVAL: Duration = Duration::from_mins(1);

#[tokio::test]
async fn five_send_to_all_and_each_of_twenty_photos_arrives_once() -> Result<()> {
    let server = Server::start().await?;
    let first = Tab::with_camera().remembered().open(&server.url()).await?;
    let link = first.link().await?;
    let others = (1..PEOPLE).map(|_| Tab::with_camera().remembered().open(&link));
    let mut tabs = vec![first];
    tabs.extend(try_join_all(others).await?);
    try_join_all(tabs.iter().map(|tab| tab.wait_connected(PEOPLE - 1))).await?;

    let photos = try_join_all(tabs.iter().map(Tab::snap_and_send)).await?;
    let mut deliveries = 0;
    for (receiver, tab) in tabs.iter().enumerate() {
        for (sender, photo) in photos.iter().enumerate().filter(|(sender, _)| *sender != receiver) {
            tab.receives_once(photo, ARRIVAL).await?;
            deliveries += 1;
            ensure!(
                photos.iter().filter(|other| other.item == photo.item).count() == 1,
                "{sender} repeats an id"
            );
        }
    }
    assert_eq!(deliveries, PEOPLE * (PEOPLE - 1), "20 deliveries");

    for (tab, photo) in tabs.iter().zip(&photos) {
        assert_eq!(tab.trail().await?.len(), PEOPLE - 1, "nothing came twice");
        let recipients = tab.sent(&photo.item).await?;
        ensure!(
            recipients.len() == PEOPLE - 1 && recipients.iter().all(|one| one.state == "verified"),
            "{recipients:?}"
        );
        // One connection for each of the others, and none was replaced on the way.
        assert_eq!(tab.history().await?.connections.len(), PEOPLE - 1);
    }
    Ok(())
}
