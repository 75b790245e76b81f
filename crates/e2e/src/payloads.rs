//! What somebody may write, or call a file, in the hope that it is more than text.

/// Every way in which a text may want to be more: scripts, markup, links, directions.
#[must_use]
pub fn payloads() -> Vec<String> {
    const SONGS: [&str; 7] = [
        "sing()",
        "sing`1`",
        "window['sing'](1)",
        "top.sing()",
        "eval('sing()')",
        "Function('sing()')()",
        "setTimeout(sing)",
    ];
    const MARKUP: [&str; 44] = [
        "<script>{}</script>",
        "<ScRiPt>{}</sCrIpT>",
        "<script>{}//",
        "<script src=\"data:text/javascript,{}\"></script>",
        "<script type=module>{}</script>",
        "<img src=x onerror={}>",
        "<img src=x onerror=\"{}\">",
        "<IMG SRC=x ONERROR={}>",
        "<img src='x'onerror='{}'",
        "<image src=x onerror={}>",
        "<svg onload={}>",
        "<svg/onload={}>",
        "<svg><script>{}</script></svg>",
        "<svg><animate onbegin={} attributeName=x>",
        "<svg><a xlink:href=\"javascript:{}\"><text y=9>a</text></a></svg>",
        "<svg><foreignObject><img src=x onerror={}></foreignObject></svg>",
        "<math><mi xlink:href=\"javascript:{}\">a</mi></math>",
        "<body onload={}>",
        "<iframe src=\"javascript:{}\"></iframe>",
        "<iframe srcdoc=\"<img src=x onerror={}>\"></iframe>",
        "<object data=\"javascript:{}\"></object>",
        "<embed src=\"javascript:{}\">",
        "<video><source onerror={}></video>",
        "<audio src=x onerror={}>",
        "<details open ontoggle={}>",
        "<input autofocus onfocus={}>",
        "<select autofocus onfocus={}>",
        "<textarea autofocus onfocus={}>",
        "<marquee onstart={}>",
        "<a href=\"javascript:{}\">a</a>",
        "<a href=\"java&#115;cript:{}\">a</a>",
        "<form action=\"javascript:{}\"><button>a</button></form>",
        "<button formaction=\"javascript:{}\">a</button>",
        "<meta http-equiv=refresh content=\"0;url=javascript:{}\">",
        "<base href=\"javascript:{}//\">",
        "<link rel=stylesheet href=\"data:text/css,*{{}}\" onload={}>",
        "<style onload={}></style>",
        "<template><img src=x onerror={}></template>",
        "\"><img src=x onerror={}>",
        "'><img src=x onerror={}>",
        "</div></section><img src=x onerror={}>",
        "<!--><img src=x onerror={}>-->",
        "`<img src=x onerror={}>`",
        "&lt;img src=x onerror={}&gt;<img/src/onerror={}>",
    ];
    const ADDRESSES: [&str; 22] = [
        "javascript:{}",
        "JaVaScRiPt:{}",
        "java\tscript:{}",
        "java\nscript:{}",
        "\u{1}javascript:{}",
        "javascript&colon;{}",
        "javascript://example.org/%0a{}",
        "https://example.org/#javascript:{}",
        "https://example.org/\" onmouseover=\"{}",
        "https://example.org/' onclick='{}",
        "https://example.org/><img src=x onerror={}>",
        "https://sing@example.org/?{}",
        "https://example.org\\@example.net/{}",
        "http://[::1]:1/{}",
        "https://{}",
        "data:text/html,<script>{}</script>",
        "data:text/html;base64,{}",
        "data:image/svg+xml,<svg onload={}>",
        "vbscript:{}",
        "blob:https://example.org/{}",
        "view-source:javascript:{}",
        "[a](javascript:{})",
    ];
    const TURNS: [&str; 12] = [
        "\u{202E}", "\u{202D}", "\u{202B}", "\u{202A}", "\u{2066}", "\u{2067}", "\u{2068}", "\u{200F}",
        "\u{200E}", "\u{61C}", "\u{2028}", "\u{200B}",
    ];
    const TURNED: [&str; 5] =
        ["a{}gnp.exe", "{}Anna", "https://example.org/{}moc.live", "`a{}b`", "<b>{}</b>"];
    let fill = |templates: &[&str], fillings: &[&str]| {
        let filled = templates
            .iter()
            .flat_map(|template| fillings.iter().map(|filling| template.replace("{}", filling)));
        filled.collect::<Vec<_>>()
    };
    let mut corpus = fill(&MARKUP, &SONGS);
    corpus.extend(fill(&ADDRESSES, &SONGS));
    corpus.extend(fill(&TURNED, &TURNS));
    corpus
}

/// Sings when a payload runs, and keeps what the page's policy reports.
pub const CANARY: &str = "{
    window.sung = [];
    window.reports = [];
    window.sing = (...what) => void sung.push(String(what));
    for (const name of ['alert', 'confirm', 'prompt', 'open']) window[name] = () => void sung.push(name);
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
        void reports.push(`${violatedDirective} ${blockedURI}`));
}";

/// What shows of a text, without what is dropped of it and what marks code.
#[must_use]
pub fn without_dropped(text: &str) -> String {
    let is_dropped = |c: char| {
        let turns = matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E0FFF}');
        turns || c.is_control() || c.is_whitespace() || c == '`'
    };
    text.chars().filter(|c| !is_dropped(*c)).collect()
}
