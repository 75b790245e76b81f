use super::{Error, Video, picture::Scratch};

/// A look at a video in few pixels, each of them a pixel of its frame.
pub struct Glimpse(Scratch);

impl Glimpse {
    /// Pixels.
    pub const WIDTH: u32 = 32;
    /// Pixels.
    pub const HEIGHT: u32 = 18;

    /// Fails in browsers without `OffscreenCanvas`.
    pub fn new() -> Result<Self, Error> {
        let scratch = Scratch::new(Self::WIDTH, Self::HEIGHT)?;
        // A mean of many pixels would hide the noise of a sensor.
        scratch.context.set_image_smoothing_enabled(false);
        Ok(Self(scratch))
    }

    /// The RGBA bytes of what it shows now, without any filter; none before its first frame.
    #[must_use]
    pub fn look(&self, video: &Video) -> Option<Vec<u8>> {
        video.size()?;
        let (width, height) = (Self::WIDTH.into(), Self::HEIGHT.into());
        let Self(Scratch { context, .. }) = self;
        context.draw_image_with_html_video_element_and_dw_and_dh(&video.0, 0.0, 0.0, width, height).ok()?;
        Some(context.get_image_data(0.0, 0.0, width, height).ok()?.data().0)
    }
}
