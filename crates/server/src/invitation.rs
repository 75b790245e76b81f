//! What is printed for people with phones, whose browsers give no camera to plain HTTP.

use std::{
    fmt::Write,
    net::{IpAddr, SocketAddr},
};

use qrcodegen::{QrCode, QrCodeEcc};
use snaproom_server::Fingerprint;

/// This computer's addresses by which others may reach a server that listens on `bound`.
pub fn addresses(bound: SocketAddr) -> Vec<IpAddr> {
    if !bound.ip().is_unspecified() {
        return vec![bound.ip()];
    }
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut addresses: Vec<_> = interfaces.iter().map(if_addrs::Interface::ip).filter(is_reachable).collect();
    // What people type is IPv4.
    addresses.sort_by_key(IpAddr::is_ipv6);
    addresses
}

fn is_reachable(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !v4.is_loopback() && !v4.is_link_local(),
        IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unicast_link_local(),
    }
}

/// How somebody else gets in: addresses, the first one as a code, and what the browser's warning is to be compared
/// with.
pub fn text(addresses: &[IpAddr], port: u16, fingerprint: Fingerprint) -> String {
    let urls: Vec<_> =
        addresses.iter().map(|ip| format!("https://{}/", SocketAddr::new(*ip, port))).collect();
    let mut text = String::from(
        "\nOn a phone in the same network, open one of these or point its camera at the code:\n\n",
    );
    for url in &urls {
        let _ = writeln!(text, "  {url}");
    }
    if let Some(code) = urls.first().and_then(|url| QrCode::encode_text(url, QrCodeEcc::Low).ok()) {
        text.push('\n');
        text.push_str(&draw(&code));
    }
    let _ = writeln!(
        text,
        "\nThe browser warns that nobody vouches for the certificate. It is this one (SHA-256):\n  {fingerprint}"
    );
    text
}

/// Two rows of modules in a line of text, light on dark as most terminals are, with the quiet zone of four (ISO/IEC
/// 18004).
fn draw(code: &QrCode) -> String {
    const QUIET: i32 = 4;
    let is_light = |x, y| !code.get_module(x, y);
    let mut text = String::new();
    for y in (-QUIET..code.size() + QUIET).step_by(2) {
        for x in -QUIET..code.size() + QUIET {
            text.push(match (is_light(x, y), is_light(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        text.push('\n');
    }
    text
}
