use web_sys::HtmlDialogElement;

/// A `<dialog>` element of the page.
pub struct Dialog(HtmlDialogElement);

impl From<HtmlDialogElement> for Dialog {
    fn from(element: HtmlDialogElement) -> Self {
        Self(element)
    }
}

impl Dialog {
    /// Shows it above the page, which cannot be used meanwhile.
    pub fn show_modal(&self) {
        // Fails when it is open already, or not in the page any more: there is nothing to show then.
        let _ = self.0.show_modal();
    }

    /// Closes it, if it is open.
    pub fn close(&self) {
        self.0.close();
    }
}
