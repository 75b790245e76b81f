//! A session description in its parts (RFC 8866).

/// What stands before the first medium, or one medium.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// As in `audio` or `video`; none of what stands before the first.
    pub medium: Option<String>,
    /// Of `a=mid`.
    pub mid: Option<String>,
    /// Without their ends.
    pub lines: Vec<String>,
}

/// All of them, in their order.
#[must_use]
pub fn sections(sdp: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for line in sdp.lines().filter(|line| !line.is_empty()) {
        let medium =
            line.strip_prefix("m=").map(|medium| medium.split(' ').next().unwrap_or_default().to_owned());
        if medium.is_some() || sections.is_empty() {
            sections.push(Section { medium, mid: None, lines: Vec::new() });
        }
        if let Some(section) = sections.last_mut() {
            section.mid = section.mid.take().or_else(|| line.strip_prefix("a=mid:").map(str::to_owned));
            section.lines.push(line.to_owned());
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn no_line_is_lost_and_each_is_in_the_section_of_its_medium() {
        let sdp = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n\
                   m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=sendrecv\r\n";
        let sections = sections(sdp);
        let names: Vec<_> = sections.iter().map(|one| (one.medium.as_deref(), one.mid.as_deref())).collect();
        assert_eq!(names, [(None, None), (Some("audio"), Some("0")), (Some("video"), Some("1"))]);
        let lines: Vec<_> = sections.into_iter().flat_map(|section| section.lines).collect();
        assert_eq!(lines, sdp.lines().collect::<Vec<_>>());
    }

    #[wasm_bindgen_test]
    fn of_nothing_there_is_nothing_and_of_anything_what_there_is() {
        assert_eq!(sections(""), []);
        assert_eq!(sections("\r\nwhatever")[0].lines, ["whatever"]);
    }
}
