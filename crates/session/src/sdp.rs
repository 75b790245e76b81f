//! Session descriptions: their bounds, and the fingerprint they vouch for.

use std::fmt;

use snaproom_protocol::signal::MAX_SDP_BYTES;

/// Sections of our descriptions: audio, camera, screen, data.
const MAX_MEDIA_SECTIONS: usize = 4;

/// SHA-256 of a DTLS certificate (RFC 8122, section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

/// Why a session description never reaches the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SdpError {
    /// Larger than [`MAX_SDP_BYTES`].
    TooLarge,
    /// More media sections than a room has use for.
    TooManySections,
    /// No fingerprint, several different ones, or one that is not SHA-256.
    Fingerprint,
}

impl fmt::Display for SdpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the session description is too large",
            Self::TooManySections => "the session description has too many media sections",
            Self::Fingerprint => "the session description has no single SHA-256 fingerprint",
        })
    }
}

impl std::error::Error for SdpError {}

/// Checks a description's bounds and returns the one fingerprint that all its sections share.
pub fn check(sdp: &str) -> Result<Fingerprint, SdpError> {
    if sdp.len() > MAX_SDP_BYTES {
        return Err(SdpError::TooLarge);
    }
    // A browser's parser may take either for the end of a line.
    let lines = || sdp.split(['\r', '\n']).map(str::trim_end);
    if lines().filter(|line| line.starts_with("m=")).count() > MAX_MEDIA_SECTIONS {
        return Err(SdpError::TooManySections);
    }
    let mut only = None;
    // The browser's parser is more lenient with case and blanks than ours may be: find every line that it
    // might take for a fingerprint, and refuse those that are not in the one form we read.
    for line in lines().filter(|line| line.to_ascii_lowercase().contains("fingerprint:")) {
        let fingerprint =
            line.strip_prefix("a=fingerprint:sha-256 ").and_then(parse_hex).ok_or(SdpError::Fingerprint)?;
        if *only.get_or_insert(fingerprint) != fingerprint {
            return Err(SdpError::Fingerprint);
        }
    }
    only.map(Fingerprint).ok_or(SdpError::Fingerprint)
}

/// Formats of one section that are looked at; Chromium names some fifteen.
const MAX_FORMATS: usize = 32;

/// Where a sender of video begins, in kbit/s: what 1280×720 takes. Chromium begins with 300 otherwise, and takes many
/// seconds to climb; on a thin path it comes down within two.
const START_KBPS: u32 = 2_500;

/// The other side's description, with which this browser sends video at full size from the first frame on
/// (`x-google-start-bitrate`, a parameter of codecs that Chromium and Safari read and others ignore).
#[must_use]
pub fn with_start_bitrate(sdp: &str) -> String {
    const CODECS: [&str; 5] = ["VP8/", "VP9/", "H264/", "H265/", "AV1/"];
    let parameter = format!("x-google-start-bitrate={START_KBPS}");
    let mut primed = String::with_capacity(sdp.len() + 512);
    for section in sections(sdp) {
        let is_video = section.starts_with("m=video ");
        let lines = || section.split_terminator("\r\n");
        // What the line of each format's parameters begins with; there is one at most (RFC 8866, section 6.15).
        let of_format = |map: &str| {
            let (format, codec) = map.split_once(' ')?;
            CODECS.iter().any(|known| codec.starts_with(known)).then(|| format!("a=fmtp:{format} "))
        };
        let maps = lines().filter_map(|line| line.strip_prefix("a=rtpmap:")).filter(|_| is_video);
        let mut formats: Vec<String> = maps.filter_map(of_format).take(MAX_FORMATS).collect();
        for line in lines() {
            let format = formats.iter().position(|format| line.starts_with(format));
            primed += line;
            if let Some(place) = format {
                formats.swap_remove(place);
                primed += ";";
                primed += &parameter;
            }
            primed += "\r\n";
        }
        for format in formats {
            primed.extend([format.as_str(), &parameter, "\r\n"]);
        }
    }
    primed
}

/// The description's session section, then each of its media sections.
fn sections(sdp: &str) -> Vec<&str> {
    let mut sections = Vec::new();
    let mut rest = sdp;
    while let Some(end) = rest.find("\r\nm=") {
        let (section, media) = rest.split_at(end + 2);
        sections.push(section);
        rest = media;
    }
    sections.push(rest);
    sections
}

/// The ICE generation that a description begins (`ice-ufrag`, RFC 8839, section 5.4). All sections of a bundle share it.
#[must_use]
pub fn ice_generation(sdp: &str) -> Option<&str> {
    sdp.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:")).map(str::trim_end)
}

fn parse_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let mut pairs = text.split(':');
    for byte in &mut bytes {
        let pair =
            pairs.next().filter(|pair| pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit()))?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    pairs.next().is_none().then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn line(byte: u8) -> String {
        format!("a=fingerprint:sha-256 {}\r\n", vec![format!("{byte:02X}"); 32].join(":"))
    }

    #[test]
    fn one_value_may_stand_in_every_section() {
        let sdp = format!("v=0\r\n{0}m=audio\r\n{0}m=application\r\n{0}", line(0xAB));
        assert_eq!(check(&sdp), Ok(Fingerprint([0xAB; 32])));
    }

    #[test]
    fn two_values_none_and_other_hashes_are_refused() {
        for sdp in [
            String::from("v=0\r\n"),
            format!("{}{}", line(1), line(2)),
            format!("{}a=fingerprint:sha-1 AA:BB\r\n", line(1)),
            format!("{}A=Fingerprint:sha-512 AA\r\n", line(1)),
            line(1).replace("01:01:", "01:"),
            line(1).replace("01:01:", "+1:01:"),
            line(1).replace("sha-256 ", "SHA-256 "),
        ] {
            assert_eq!(check(&sdp), Err(SdpError::Fingerprint), "{sdp}");
        }
    }

    #[test]
    fn a_generation_is_the_first_fragment() {
        let sdp = "v=0\r\nm=audio\r\na=ice-ufrag:aB+/\r\na=ice-pwd:x\r\nm=video\r\na=ice-ufrag:aB+/\r\n";
        assert_eq!(ice_generation(sdp), Some("aB+/"));
        assert_eq!(ice_generation("v=0\r\n"), None);
    }

    #[test]
    fn video_alone_begins_at_full_size() {
        let sdp = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10\r\n\
                   m=video 9 UDP/TLS/RTP/SAVPF 96 97 98\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\n\
                   a=fmtp:97 apt=96\r\na=rtpmap:98 VP9/90000\r\na=fmtp:98 profile-id=0\r\n\
                   m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=sctp-port:5000\r\n";
        let primed = sdp.replace(
            "profile-id=0\r\n",
            "profile-id=0;x-google-start-bitrate=2500\r\na=fmtp:96 x-google-start-bitrate=2500\r\n",
        );
        assert_eq!(with_start_bitrate(sdp), primed);
        assert_eq!(with_start_bitrate(""), "");
        assert_eq!(with_start_bitrate("m=video"), "m=video\r\n");
    }

    #[test]
    fn bounds_are_kept() {
        assert_eq!(check(&"x".repeat(MAX_SDP_BYTES + 1)), Err(SdpError::TooLarge));
        for end in ["\r\n", "\n", "\r"] {
            let sections = format!("m=video{end}").repeat(5);
            assert_eq!(check(&format!("{}{sections}", line(1))), Err(SdpError::TooManySections));
        }
    }
}
