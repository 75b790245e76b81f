//! What one does with the page of a call, besides calling: its pictures, its devices, its sounds and its keys.

use anyhow::{Result, ensure};
use snaproom_e2e::{Screen, Server, Tab, call_camera as camera, in_call, two_tabs};

const OTHER: &str = ".tile:not(.self):not(.screen)";

#[tokio::test]
async fn a_picture_fills_the_screen_with_its_caption_and_goes_back() -> Result<()> {
    // A tile is as large as the picture in it, and one's own a third of that.
    let bob = Tab::with_camera_of(640, 360).listening();
    let (_server, alice, bob) = in_call(camera(), bob).await?;
    let fills = format!(
        "((tile) => document.fullscreenElement === tile && tile.clientWidth === innerWidth
            && tile.querySelector('figcaption').checkVisibility())(document.querySelector('{OTHER}'))"
    );
    let page = "document.fullscreenElement === null";
    let button = format!("{OTHER} .fullScreen");
    alice.click(&button).await?;
    alice.until("bob fills the screen", &fills).await?;
    alice.click(&button).await?;
    alice.until("the page is back", page).await?;

    // A screen that is shown no longer covers nothing.
    bob.click("#screenButton").await?;
    let shown = "document.querySelector('.remoteScreen').checkVisibility()";
    alice.until("bob's screen", shown).await?;
    alice.click(".tile.screen .fullScreen").await?;
    let filled = "document.fullscreenElement?.matches('.tile.screen')";
    alice.until("bob's screen fills alice's", filled).await?;
    bob.click("#screenButton").await?;
    alice.until("the page is back after the screen", page).await?;

    // Nor does a call that has ended.
    alice.click(".tile.self .fullScreen").await?;
    alice.until("alice fills her screen", "document.fullscreenElement?.matches('.tile.self')").await?;
    bob.click("#hangupButton").await?;
    alice.wait_no_call().await?;
    alice.until("the page is back after the call", page).await
}

#[tokio::test]
async fn a_picture_has_a_window_of_its_own_until_it_is_called_back() -> Result<()> {
    let (_server, alice, bob) = in_call(camera(), camera()).await?;
    let button = format!("{OTHER} .ownWindow");
    alice.click(&button).await?;
    let floats = format!("document.pictureInPictureElement === document.querySelector('{OTHER} video')");
    alice.until("bob has a window of his own", &floats).await?;
    alice.wait_pictures(1).await?;
    alice.click(&button).await?;
    alice.until("the window is gone", "document.pictureInPictureElement === null").await?;
    alice.click(&button).await?;
    alice.until("bob has a window again", &floats).await?;
    bob.click("#hangupButton").await?;
    alice.until("nobody is in it", "document.pictureInPictureElement === null").await
}

#[tokio::test]
async fn what_the_browser_cannot_or_will_not_do_is_not_offered_or_said() -> Result<()> {
    let cannot = "Object.defineProperties(Document.prototype, {
        fullscreenEnabled: { get: () => false }, pictureInPictureEnabled: { get: () => undefined } });";
    let refuses = "Element.prototype.requestFullscreen = async () => { throw new TypeError('not now'); };
        HTMLVideoElement.prototype.requestPictureInPicture = () => { throw new TypeError('never'); };";
    let (_server, alice, bob) = in_call(camera().inject(cannot), camera().inject(refuses)).await?;
    let buttons = "[...document.querySelectorAll('.fullScreen, .ownWindow')]";
    ensure!(
        alice.evaluate::<bool>(&format!("{buttons}.every((button) => !button.checkVisibility())")).await?,
        "what cannot be done is offered"
    );
    for (tool, words) in [("fullScreen", "not now"), ("ownWindow", "never")] {
        bob.click(&format!("{OTHER} .{tool}")).await?;
        let said = format!("document.querySelector('#notice').innerText.includes('{words}')");
        bob.until("why is said", &said).await?;
    }
    Ok(())
}

#[tokio::test]
async fn on_a_phone_captions_are_one_line_and_figures_stay_inside() -> Result<()> {
    let server = Server::start().await?;
    let alice = camera().open(&server.url()).await?;
    alice.set_screen(Screen::SMALL).await?;
    let link = alice.link().await?;
    let others = [camera().open(&link).await?, camera().open(&link).await?, camera().open(&link).await?];
    alice.wait_connected(3).await?;
    alice.call().await?;
    for other in &others {
        other.accept_call().await?;
    }
    alice.wait_pictures(3).await?;
    alice
        .until(
            "how all of them come",
            "[...document.querySelectorAll('.tile summary')].every((summary) => summary.innerText.includes('ms'))",
        )
        .await?;
    let covers: Vec<f64> = alice
        .evaluate(
            "[...document.querySelectorAll('.tile:not(.screen)')].map((tile) =>
                tile.querySelector('figcaption').offsetHeight / tile.offsetHeight)",
        )
        .await?;
    ensure!(covers.len() == 4 && covers.iter().all(|part| *part < 0.4), "captions cover {covers:?}");
    // Where there is no room for two, the one that everybody knows.
    let windows =
        "[...document.querySelectorAll('.ownWindow')].filter((tool) => tool.checkVisibility()).length";
    let widths: Vec<u32> = alice
        .evaluate("[...document.querySelectorAll('.tile:not(.screen)')].map((tile) => tile.offsetWidth)")
        .await?;
    ensure!(alice.evaluate::<usize>(windows).await? == 0, "two tools on pictures as small as {widths:?}");

    alice.click(&format!("{OTHER} summary")).await?;
    let inside = format!(
        "((tile) => {{
            const [outer, inner] = [tile, tile.querySelector('figcaption')].map((e) => e.getBoundingClientRect());
            return tile.querySelector('details').innerText.includes('kbit')
                && inner.top >= outer.top && inner.bottom <= outer.bottom && inner.right <= outer.right;
        }})(document.querySelector('{OTHER}'))"
    );
    alice.until("the figures are inside", &inside).await
}

#[tokio::test]
async fn the_others_are_heard_from_the_chosen_speaker_while_it_is_there() -> Result<()> {
    let (_server, alice, bob) = in_call(camera().inject(SPEAKERS), camera()).await?;
    let places = "document.querySelectorAll('#speakerSelect option').length";
    alice.until("speakers to choose from", &format!("{places} >= 3")).await?;
    let system = "document.querySelector('#speakerSelect').value === ''";
    ensure!(alice.evaluate::<bool>(system).await?, "a speaker that nobody chose");
    ensure!(alice.evaluate::<Vec<String>>("sinks()").await? == [""], "another one than the system's");

    let chosen = alice.choose("#speakerSelect", 2).await?;
    let heard = format!("sinks().length === 1 && sinks()[0] === '{chosen}'");
    ensure!(!chosen.is_empty(), "nothing was chosen");
    alice.until("bob is heard from there", &heard).await?;

    // Whoever comes later as well, also after a reload.
    alice.reload().await?;
    alice.call().await?;
    alice.wait_pictures(1).await?;
    alice.until("bob is heard from there again", &heard).await?;
    alice
        .until("it is shown", &format!("document.querySelector('#speakerSelect').value === '{chosen}'"))
        .await?;

    // It is pulled out, and comes back.
    let change = "void navigator.mediaDevices.dispatchEvent(new Event('devicechange'))";
    alice.evaluate::<()>(&format!("void (window.gone = '{chosen}')")).await?;
    alice.evaluate::<()>(change).await?;
    alice.until("bob is heard from the system's", "sinks()[0] === ''").await?;
    alice
        .until("it is said", "document.querySelector('#notice').innerText.includes('speaker went away')")
        .await?;
    ensure!(alice.evaluate::<bool>(system).await?, "a speaker is shown that is not there");
    alice.evaluate::<()>("void (window.gone = null)").await?;
    alice.evaluate::<()>(change).await?;
    alice.until("bob is heard from the chosen one", &heard).await?;

    alice.choose("#speakerSelect", 0).await?;
    alice.until("the system's is chosen", "sinks()[0] === ''").await?;
    ensure!(bob.is_in_call().await?, "the call has ended");
    Ok(())
}

/// Where each sound that plays is heard; and a speaker that can be pulled out.
const SPEAKERS: &str = "{
    const played = new Set();
    const { play } = HTMLMediaElement.prototype;
    HTMLMediaElement.prototype.play = function () {
        if (this instanceof HTMLAudioElement) played.add(this);
        return play.call(this);
    };
    window.sinks = () => [...played].filter(({ srcObject }) => srcObject).map(({ sinkId }) => sinkId);
    const list = MediaDevices.prototype.enumerateDevices;
    MediaDevices.prototype.enumerateDevices = async function () {
        return (await list.call(this)).filter(({ deviceId }) => deviceId !== window.gone);
    };
}";

/// What Chromium's first and third fake cameras are filled with.
const GREEN: [u8; 3] = [74, 255, 22];
const DARK_GREEN: [u8; 3] = [0, 128, 1];

#[tokio::test]
async fn the_other_camera_is_one_press_away_without_an_offer() -> Result<()> {
    let phone = Tab::with_cameras(3).listening().remembered().inject(TWO_IN_FRONT);
    let (_server, alice, bob) = in_call(phone, camera()).await?;
    bob.wait_colour(".remoteVideo", GREEN).await?;
    let offers = alice.offers().await?;
    // Past the second one, which looks at the person as well.
    for colour in [DARK_GREEN, GREEN, DARK_GREEN] {
        alice.click("#flipCamera").await?;
        bob.wait_colour(".remoteVideo", colour).await?;
    }
    ensure!(alice.offers().await? == offers, "the other camera made an offer");
    let back = "document.querySelector('#cameraSelect').selectedIndex === 2";
    alice.until("the list says so", back).await?;
    let mirror = "document.querySelector('#mirrorSwitch').ariaChecked";
    alice.until("what lies before one is no mirror's", &format!("{mirror} === 'false'")).await?;
    alice.click("#flipCamera").await?;
    alice.until("one's own face is", &format!("{mirror} === 'true'")).await?;
    let there = "document.querySelector('#flipCamera').checkVisibility()";
    ensure!(!bob.evaluate::<bool>(there).await?, "another camera than the only one");
    Ok(())
}

/// The third camera looks away from the person, as on a phone.
const TWO_IN_FRONT: &str = "{
    const list = MediaDevices.prototype.enumerateDevices;
    let cameras = [];
    const facing = (id) => (cameras.indexOf(id) === 2 ? 'environment' : 'user');
    MediaDevices.prototype.enumerateDevices = async function () {
        const all = await list.call(this);
        cameras = all.filter(({ kind }) => kind === 'videoinput').map(({ deviceId }) => deviceId);
        return all;
    };
    InputDeviceInfo.prototype.getCapabilities = function () { return { facingMode: [facing(this.deviceId)] }; };
    const settings = MediaStreamTrack.prototype.getSettings;
    MediaStreamTrack.prototype.getSettings = function () {
        const known = settings.call(this);
        return { ...known, facingMode: facing(known.deviceId) };
    };
}";

#[tokio::test]
async fn who_is_called_hears_it_until_they_answer_and_the_caller_does_not() -> Result<()> {
    let (_server, alice, bob) = two_tabs(camera().inject(RINGS), camera().inject(RINGS)).await?;
    // Browsers let a page be heard in which somebody pressed something.
    bob.click("#about").await?;
    bob.click("#aboutDialog .close").await?;
    for (rung, answer) in [(1, "#acceptCall"), (2, "#declineCall")] {
        alice.call().await?;
        bob.wait_ringing().await?;
        bob.until("it is heard", "rings.at(-1).state === 'running' && loudness() > 0.01").await?;
        bob.until("it is felt", "felt.at(-1)?.[0] === 1000").await?;
        bob.click(answer).await?;
        bob.until("it is not heard any more", "rings.every(({ state }) => state === 'closed')").await?;
        bob.until("it is not felt any more", "felt.at(-1).length === 0").await?;
        ensure!(bob.evaluate::<usize>("rings.length").await? == rung, "it rang more than once for a call");
        if answer == "#acceptCall" {
            bob.wait_in_call().await?;
            alice.click("#hangupButton").await?;
            bob.wait_no_call().await?;
        }
        alice.wait_no_call().await?;
    }
    ensure!(alice.evaluate::<usize>("rings.length + felt.length").await? == 0, "the caller hears it");
    Ok(())
}

/// What the page lets its person hear and feel.
const RINGS: &str = "{
    window.rings = [];
    window.felt = [];
    let analyser = null;
    window.loudness = () => {
        const samples = new Float32Array(analyser.fftSize);
        analyser.getFloatTimeDomainData(samples);
        return Math.max(...samples.map(Math.abs));
    };
    window.AudioContext = class extends AudioContext {
        constructor() {
            super();
            rings.push(this);
            analyser = this.createAnalyser();
        }
    };
    const { connect } = AudioNode.prototype;
    AudioNode.prototype.connect = function (to, ...rest) {
        if (to instanceof AudioDestinationNode) connect.call(this, analyser);
        return connect.call(this, to, ...rest);
    };
    Navigator.prototype.vibrate = (pattern) => void felt.push([...pattern]);
}";

#[tokio::test]
async fn single_keys_do_what_their_buttons_do() -> Result<()> {
    let (_server, alice, bob) = in_call(camera(), camera()).await?;
    let pressed = |id: &str, is: bool| format!("document.querySelector('#{id}').ariaPressed === '{is}'");
    for (key, button) in [("m", "muteButton"), ("c", "cameraButton"), ("s", "screenButton")] {
        let was = alice.evaluate::<bool>(&pressed(button, true)).await?;
        alice.press(key).await?;
        alice.until(&format!("{key} does it"), &pressed(button, !was)).await?;
        alice.press(key).await?;
        alice.until(&format!("{key} does it back"), &pressed(button, was)).await?;
    }
    // With the camera on again the other one is the largest.
    let fills = format!("document.fullscreenElement === document.querySelector('{OTHER}')");
    alice.press("f").await?;
    alice.until("the largest picture fills the screen", &fills).await?;
    alice.press("f").await?;
    alice.until("the page is back", "document.fullscreenElement === null").await?;
    alice.press("h").await?;
    alice.wait_no_call().await?;
    bob.wait_no_call().await
}

#[tokio::test]
async fn single_keys_do_nothing_where_they_mean_something_else() -> Result<()> {
    let (_server, alice, bob) = in_call(camera(), camera()).await?;
    let idle = async |why: &str| -> Result<()> {
        // What a key does is done before the next frame or two.
        alice.drawn().await?;
        alice.drawn().await?;
        let heard = "document.querySelector('#muteButton').ariaPressed === 'true'";
        ensure!(alice.evaluate::<bool>(heard).await?, "m did something {why}");
        ensure!(alice.is_in_call().await?, "h did something {why}");
        Ok(())
    };
    alice.press_with_shift("M").await?;
    alice.press_with_control("m").await?;
    idle("with another key").await?;
    alice.tab_to("#timerSelect").await?;
    alice.press("m").await?;
    idle("in a list").await?;
    alice.click("#editName").await?;
    alice.until("the field has the focus", "document.activeElement?.id === 'nameInput'").await?;
    for key in ["h", "m"] {
        alice.press(key).await?;
    }
    idle("in a field").await?;
    let typed = "document.querySelector('#nameInput').value === 'hm'";
    ensure!(alice.evaluate::<bool>(typed).await?, "a field does not get what is typed");
    alice.press("Escape").await?;

    // The list of them, in which they can be turned off.
    alice.until("the dialog is closed", "!document.querySelector('#nameDialog').open").await?;
    alice.press_with_shift("?").await?;
    alice.until("the list", "document.querySelector('#keysDialog').open").await?;
    alice.press("m").await?;
    idle("in a dialog").await?;
    alice.click("#shortcuts").await?;
    alice.press("Escape").await?;
    alice.until("the list is closed", "!document.querySelector('#keysDialog').open").await?;
    alice.press("m").await?;
    alice.press_with_shift("?").await?;
    idle("though turned off").await?;
    ensure!(!alice.evaluate::<bool>("document.querySelector('#keysDialog').open").await?, "? did something");

    // That is remembered, and turned on again by the button.
    alice.reload().await?;
    alice.accept_call().await?;
    alice.wait_pictures(1).await?;
    alice.press("m").await?;
    idle("after a reload").await?;
    alice.click("#keys").await?;
    alice.click("#shortcuts").await?;
    alice.press("Escape").await?;
    alice.until("the list is closed again", "!document.querySelector('#keysDialog').open").await?;
    alice.press("m").await?;
    alice.until("m does it", "document.querySelector('#muteButton').ariaPressed === 'false'").await?;
    ensure!(bob.is_in_call().await?, "bob's call has ended");

    // Outside of a call there is nothing to be done.
    alice.press("h").await?;
    alice.wait_no_call().await?;
    bob.wait_no_call().await?;
    for key in ["m", "c", "s", "f", "h"] {
        alice.press(key).await?;
    }
    alice.drawn().await?;
    let on = "document.querySelector('#camera').srcObject !== null && document.fullscreenElement === null";
    ensure!(alice.evaluate::<bool>(on).await?, "a key did something outside of a call");
    Ok(())
}
