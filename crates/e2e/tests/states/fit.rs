//! Nothing is wider than the window, from the smallest phone on, and every dialog can be answered without scrolling.

use anyhow::{Result, ensure};
use snaproom_e2e::{Server, Tab};

/// CSS pixels: small phones, a phone on its side, a laptop.
const SIZES: [(u32, u32); 4] = [(320, 640), (360, 640), (844, 390), (1280, 900)];

/// Looks at the page in windows of all sizes.
pub async fn what_does_not_fit(tab: &Tab) -> Result<Vec<String>> {
    // Phones draw theirs over the page.
    tab.hide_scrollbars().await?;
    let mut found = Vec::new();
    for size in SIZES {
        let outside = outside(tab, size).await?;
        found.extend(outside.into_iter().map(|what| format!("at {size:?}: {what}")));
    }
    Ok(found)
}

/// The instrument bites: what is too wide is found, and a button below the window.
#[tokio::test]
async fn what_does_not_fit_is_found() -> Result<()> {
    let server = Server::start().await?;
    let tab = Tab::without_camera().open(&server.url()).await?;
    tab.wait_status("alone").await?;
    tab.hide_scrollbars().await?;
    ensure!(outside(&tab, SIZES[0]).await?.is_empty(), "the page itself does not fit");
    tab.evaluate::<()>(WIDE).await?;
    let found = outside(&tab, SIZES[0]).await?;
    ensure!(matches!(found.as_slice(), [wide] if wide.contains("#wide")), "of a wide picture: {found:?}");
    tab.evaluate::<()>(LOW).await?;
    let found = outside(&tab, SIZES[0]).await?;
    ensure!(matches!(found.as_slice(), [low] if low.contains("#low")), "of a low button: {found:?}");
    Ok(())
}

/// What lies outside of a window of this size.
async fn outside(tab: &Tab, size: (u32, u32)) -> Result<Vec<String>> {
    tab.resize(size).await?;
    tab.until("the window has its size", &format!("innerWidth === {} && innerHeight === {}", size.0, size.1))
        .await?;
    tab.drawn().await?;
    tab.evaluate(OUTSIDE).await
}

/// Wider than the page: the innermost such elements. Outside of the window: buttons of the open dialog that are shown.
/// A pixel may be lost to rounding.
const OUTSIDE: &str = "(() => {
    const { scrollWidth, clientWidth, clientHeight } = document.documentElement;
    const name = (element) => `${element.tagName} #${element.id} .${element.getAttribute('class') ?? ''}`;
    const wide = ({ right }) => right > clientWidth + 1;
    const found = [];
    if (scrollWidth > clientWidth) {
        const culprits = [...document.body.querySelectorAll('*')].filter((element) =>
            wide(element.getBoundingClientRect())
            && ![...element.children].some((child) => wide(child.getBoundingClientRect())));
        found.push(`${scrollWidth} wide in ${clientWidth}: ${culprits.map(name).join(', ')}`);
    }
    for (const button of document.querySelectorAll('dialog[open] button')) {
        const { left, top, right, bottom, width } = button.getBoundingClientRect();
        if (width > 0 && (left < -1 || top < -1 || right > clientWidth + 1 || bottom > clientHeight + 1)) {
            found.push(`${name(button)} from ${left},${top} to ${right},${bottom}`);
        }
    }
    return found;
})()";

const WIDE: &str = "(() => {
    const wide = Object.assign(document.createElement('div'), { id: 'wide' });
    Object.assign(wide.style, { width: '400px', height: '9px' });
    document.body.prepend(wide);
})()";

const LOW: &str = "(() => {
    document.querySelector('#wide').remove();
    const dialog = document.createElement('dialog');
    const low = Object.assign(document.createElement('button'), { id: 'low', textContent: 'Low' });
    Object.assign(low.style, { position: 'fixed', top: '700px' });
    dialog.append(low);
    document.body.append(dialog);
    dialog.showModal();
})()";
