//! A tab that lies: what it says over the data channels is not what its app wanted to say. Each lie is refused for
//! its own reason, shows no exact picture, and harms nothing else.

use anyhow::{Result, ensure};
use snaproom_e2e::{Server, Tab, two_tabs};

/// What is said instead, as JavaScript, and the reason that both sides then read.
struct Lie {
    about: &'static str,
    script: &'static str,
    refused: &'static str,
}

/// Found out before any byte: the receiver shows no more than a notice.
const OFFERS: [Lie; 9] = [
    Lie { about: "width", script: "lie = offering((offer) => { offer.kind.width += 1; })", refused: LENGTH },
    Lie { about: "length", script: "lie = offering((offer) => { offer.bytes -= 4; })", refused: LENGTH },
    Lie {
        about: "nothing",
        script: "lie = offering((offer) => { Object.assign(offer, { bytes: 0 }); offer.kind.height = 0; })",
        refused: LENGTH,
    },
    Lie {
        about: "a gigabyte",
        script: "lie = offering((offer) => { offer.bytes = 16384 * 16384 * 4; offer.kind.width = offer.kind.height = 16384; })",
        refused: "it is too big",
    },
    Lie {
        about: "path",
        script: "lie = offering((offer) => { offer.name = '../../.bashrc'; })",
        refused: NAME,
    },
    Lie {
        about: "direction",
        script: r"lie = offering((offer) => { offer.name = 'photo\u202Egnp.exe'; })",
        refused: NAME,
    },
    Lie {
        about: "long name",
        script: "lie = offering((offer) => { offer.name = 'x'.repeat(256); })",
        refused: NAME,
    },
    Lie {
        about: "huge preview",
        script: "lie = offering((offer) => { offer.preview.bytes = 262145; })",
        refused: "its preview is too big",
    },
    Lie {
        about: "empty preview",
        script: "lie = offering((offer) => { offer.preview.bytes = 0; })",
        refused: "its preview is too big",
    },
];

/// Found out on the way: the receiver shows that it failed.
const BYTES: [Lie; 12] = [
    Lie {
        about: "a preview that would decode to 65535×65535",
        script: "previewing(jpegHeader(65535, 65535))",
        refused: PREVIEW,
    },
    Lie {
        about: "a preview larger than the photo",
        script: "previewing(jpegHeader(1024, 768))",
        refused: PREVIEW,
    },
    Lie {
        about: "a preview that is a script",
        script: "previewing(new TextEncoder().encode('<script>broken = 1</script>'))",
        refused: PREVIEW,
    },
    Lie {
        about: "a preview that was not offered",
        script: "lie = offering((offer) => { offer.preview.sha256 = 'A'.repeat(43); })",
        refused: HASH,
    },
    Lie {
        about: "the preview's bytes",
        script: "lie = carrying('preview', (bytes) => { bytes[bytes.length >> 1] ^= 1; return [bytes]; })",
        refused: HASH,
    },
    Lie {
        about: "one bit of the picture",
        script: "lie = carrying('exact', (bytes) => { bytes[1000] ^= 1; return [bytes]; })",
        refused: HASH,
    },
    Lie {
        about: "a piece's hash",
        script: "lie = announcing('exact', (piece) => { if (piece.index === 1) piece.sha256 = 'A'.repeat(43); })",
        refused: HASH,
    },
    Lie {
        about: "the root",
        script: "lie = (label, message) => { if (message.type === 'end') message.root = 'A'.repeat(43); return [message]; }",
        refused: HASH,
    },
    Lie {
        about: "a piece's place",
        script: "lie = announcing('exact', (piece) => { piece.index += 1; })",
        refused: ORDER,
    },
    Lie {
        about: "a piece's length",
        script: "lie = announcing('exact', (piece) => { piece.length += 1; })",
        refused: ORDER,
    },
    Lie {
        about: "one byte more",
        script: "lie = carrying('preview', (bytes) => [bytes, Uint8Array.of(0)])",
        refused: "more came than was announced",
    },
    Lie { about: "an early end", script: "lie = ending(1)", refused: "less came than was announced" },
];

/// No honest page can say this by mistake: the connection ends.
const VIOLATIONS: [Lie; 6] = [
    Lie {
        about: "no message",
        script: "lie = (label, message) => message.type === 'offer' ? ['!'] : [message]",
        refused: RULES,
    },
    Lie {
        about: "an unknown message",
        script: "lie = (label, message) => message.type === 'offer' ? ['_w'] : [message]",
        refused: RULES,
    },
    Lie {
        about: "bytes on the control channel",
        script: "lie = (label, message) => message.type === 'offer' ? [new Uint8Array(10)] : [message]",
        refused: RULES,
    },
    Lie {
        about: "an endless message",
        script: "lie = (label, message) => message.type === 'offer' ? ['x'.repeat(200000)] : [message]",
        refused: RULES,
    },
    Lie {
        about: "bytes of nothing",
        script: "lie = (label, message) => message.type === 'piece' ? [] : [message]",
        refused: RULES,
    },
    Lie {
        about: "a second proof",
        script: "lie = (label, message) => message.type === 'offer' ? [{ type: 'confirm', proof: 'A'.repeat(43), device: 'A'.repeat(43), signature: 'A'.repeat(86) }] : [message]",
        refused: RULES,
    },
];

const LENGTH: &str = "its length does not fit its width and height";
const NAME: &str = "its file name is not allowed";
const PREVIEW: &str = "its preview is not a small copy of it";
const HASH: &str = "it was changed on its way";
const ORDER: &str = "its pieces came in the wrong order";
const RULES: &str = "its page broke the rules";

#[tokio::test]
async fn offers_that_lie_are_refused_before_any_byte() -> Result<()> {
    let (_server, mallory, bob) = pair().await?;
    for lie in OFFERS {
        mallory.evaluate::<()>(&format!("void ({})", lie.script)).await?;
        let photo = mallory.snap_and_send().await?;
        let told = mallory.wait_sent(&photo.item, "failed").await?;
        ensure!(told.words.contains(lie.refused), "{}: the sender reads {}", lie.about, told.words);
        let notice = format!("document.querySelector('#notice').innerText.includes('{}')", lie.refused);
        bob.until(&format!("a notice about {}", lie.about), &notice).await?;
        ensure!(!bob.trail().await?.iter().any(|shown| shown.item == photo.item), "{} is shown", lie.about);
        ensure!(bob.marks(&photo.item).await?.is_empty(), "{} was painted", lie.about);
        honest_again(&mallory, &bob).await?;
    }
    Ok(())
}

#[tokio::test]
async fn bytes_that_lie_are_refused_and_never_shown_as_exact() -> Result<()> {
    let (_server, mallory, bob) = pair().await?;
    for lie in BYTES {
        mallory.evaluate::<()>(&format!("(async () => {{ await ({}); }})()", lie.script)).await?;
        let photo = mallory.snap_and_send().await?;
        let told = mallory.wait_sent(&photo.item, "failed").await?;
        ensure!(told.words.contains(lie.refused), "{}: the sender reads {}", lie.about, told.words);
        let shown = bob.wait_incoming(&photo.item, "failed").await?;
        ensure!(shown.words.contains(lie.refused), "{}: the receiver reads {}", lie.about, shown.words);
        ensure!(!bob.marks(&photo.item).await?.contains(&"exact".to_owned()), "{} is shown", lie.about);
        honest_again(&mallory, &bob).await?;
    }
    ensure!(bob.evaluate::<bool>("typeof broken === 'undefined'").await?, "a preview was run");
    Ok(())
}

/// An offer of 64 MiB and a small preview cost a sender little; they must not cost the receiver a canvas of 64 MiB.
#[tokio::test]
async fn a_photo_whose_rest_never_comes_takes_no_more_than_its_preview() -> Result<()> {
    let (_server, mallory, bob) = pair().await?;
    mallory.evaluate::<()>("void (lie = previewAlone(4096, 4096))").await?;
    let photo = mallory.snap_and_send().await?;
    let figure = format!("#trail .transfer[data-id='{}']", photo.item);
    let size = format!(
        "(() => {{ const {{ width, height }} = document.querySelector(\"{figure} canvas\"); return Math.max(width, height); }})()"
    );
    bob.until("the preview", &format!("document.querySelector(\"{figure}[data-shows=preview]\")")).await?;
    let side: u32 = bob.evaluate(&size).await?;
    ensure!((1..=960).contains(&side), "the preview's canvas has {side} pixels a side");

    mallory.click(&format!("[data-direction=out][data-id='{}'] .cancel", photo.item)).await?;
    bob.wait_incoming(&photo.item, "cancelled").await?;
    bob.until("a thumbnail", &format!("{size} <= 480")).await?;
    Ok(())
}

#[tokio::test]
async fn who_breaks_the_rules_is_refused_and_others_are_not() -> Result<()> {
    let (server, mallory, bob) = pair().await?;
    let carol = Tab::with_camera().open(&bob.link().await?).await?;
    ensure!(carol.link().await?.starts_with(&server.url()));
    for lie in VIOLATIONS {
        // A new page is a new chance.
        mallory.reload().await?;
        mallory.wait_connected(2).await?;
        bob.wait_connected(2).await?;
        mallory.evaluate::<()>(&format!("void ({})", lie.script)).await?;
        let photo = mallory.snap_and_send().await?;
        let refused = "document.querySelector('#peers .peer[data-state=refused]')?.innerText";
        let told: String = bob.wait(&format!("{} is refused", lie.about), refused).await?;
        ensure!(told.contains(lie.refused), "{}: a person reads {told}", lie.about);
        ensure!(!bob.marks(&photo.item).await?.contains(&"exact".to_owned()), "{} is shown", lie.about);

        let honest = carol.snap_and_send().await?;
        assert_eq!(bob.wait_photo(&honest.item).await?, honest, "after {}", lie.about);
    }
    Ok(())
}

#[tokio::test]
async fn a_flood_stops_nobody_else() -> Result<()> {
    let (_server, mallory, bob) = pair().await?;
    let carol = Tab::with_camera().open(&bob.link().await?).await?;
    carol.wait_connected(2).await?;
    carol.start_camera().await?;
    // Twenty times what the window allows, all at once.
    mallory.evaluate::<()>("void (lie = carrying('exact', (bytes) => Array(20).fill(bytes)))").await?;
    let flood = mallory.snap_and_send().await?;
    let honest = carol.snap_and_send().await?;
    assert_eq!(bob.wait_photo(&honest.item).await?, honest);
    mallory.wait_sent(&flood.item, "failed").await?;
    ensure!(!bob.marks(&flood.item).await?.contains(&"exact".to_owned()), "the flood is shown");
    honest_again(&mallory, &bob).await
}

#[tokio::test]
async fn a_wrong_proof_of_the_link_is_refused() -> Result<()> {
    let server = Server::start().await?;
    let bob = Tab::without_camera().open(&server.url()).await?;
    let forged = "window.lie = (label, message) => {
                      if (message.type === 'confirm') message.proof = 'A'.repeat(43);
                      return [message];
                  };";
    let mallory = Tab::with_camera().inject(forged).inject(LIE).open(&bob.link().await?).await?;
    let refused = "document.querySelector('#peers .peer[data-state=refused]')?.innerText";
    let told: String = bob.wait("the forger is refused", refused).await?;
    ensure!(told.contains("could not prove that it has the link"), "{told}");
    ensure!(mallory.peers().await?.iter().all(|peer| peer.state != "connected"), "the forger is connected");
    Ok(())
}

/// A page that can lie, and one that hears it. The page's words go through the same wrapper when it does not lie.
async fn pair() -> Result<(Server, Tab, Tab)> {
    let (server, mallory, bob) = two_tabs(Tab::with_camera().inject(LIE), Tab::without_camera()).await?;
    honest_again(&mallory, &bob).await?;
    Ok((server, mallory, bob))
}

/// Whoever lied may tell the truth over the same connection.
async fn honest_again(mallory: &Tab, bob: &Tab) -> Result<()> {
    mallory.evaluate::<()>("void (lie = (label, message) => [message])").await?;
    let photo = mallory.snap_and_send().await?;
    assert_eq!(bob.wait_photo(&photo.item).await?, photo);
    Ok(())
}

const LIE: &str = include_str!("../inject/lie.js");
