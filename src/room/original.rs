//! The exact pixels of a photo: in memory as long as it is new, and then as a PNG that the browser keeps outside of the
//! page.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use crate::browser::{
    Blob, Canvas, Error, Payload, Picture,
    task::{self, Task},
};

/// Turns pixels into PNGs that the browser keeps, one after another.
#[derive(Default)]
pub(super) struct Encoder {
    /// Those whose pixels wait.
    waiting: Rc<RefCell<VecDeque<Original>>>,
    encoding: Option<Task>,
}

impl Encoder {
    /// While it is busy with another one, pixels wait outside of memory.
    pub(super) fn encode(&mut self, original: Original) {
        if !self.is_idle() {
            original.put_aside();
            return self.waiting.borrow_mut().push_back(original);
        }
        let waiting = self.waiting.clone();
        self.encoding = Some(task::spawn(async move {
            let mut next = Some(original);
            while let Some(original) = next {
                // Without room for a PNG the pixels stay as they are: nothing is lost.
                let _ = original.png().await;
                next = waiting.borrow_mut().pop_front();
            }
        }));
    }

    pub(super) fn is_idle(&self) -> bool {
        self.encoding.as_ref().is_none_or(Task::is_finished)
    }
}

/// What is saved of a photo.
#[derive(Clone)]
pub(super) struct Keepsake {
    pub(super) original: Original,
    /// The preview's JPEG, where the sender keeps the original.
    pub(super) jpeg: Option<Payload>,
}

impl Keepsake {
    /// The best there is, and what its name ends in.
    pub(super) async fn file(&self) -> Result<Option<(Blob, &'static str)>, Error> {
        Ok(match (self.original.png().await?, &self.jpeg) {
            (Some(png), _) => Some((png, "png")),
            (None, Some(jpeg)) => Some((jpeg.to_blob("image/jpeg")?, "jpg")),
            (None, None) => None,
        })
    }
}

/// The exact pixels of a photo, wherever they are. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Original(Rc<RefCell<Option<Kept>>>);

#[derive(Clone)]
pub(super) enum Kept {
    /// In the page's memory: until others come.
    Pixels(Picture),
    /// The browser's, and not encoded yet: a canvas's bytes.
    Raw { width: u32, height: u32, pixels: Blob },
    /// The browser's, on its disk if need be: a PNG, or a thumbnail's JPEG.
    Encoded(Blob),
}

impl Original {
    /// The photo as a PNG, which is kept instead of the pixels from then on. None when they are not there yet.
    pub(super) async fn png(&self) -> Result<Option<Blob>, Error> {
        let picture = match self.kept() {
            None => return Ok(None),
            Some(Kept::Encoded(png)) => return Ok(Some(png)),
            Some(kept) => kept.picture().await?,
        };
        let png = picture.png().await?;
        self.keep(Kept::Encoded(png.clone()));
        Ok(Some(png))
    }

    /// All pixels, in memory. None when they are not there yet.
    pub(super) async fn picture(&self, width: u32, height: u32) -> Result<Option<Picture>, Error> {
        Ok(match self.kept() {
            None => None,
            Some(Kept::Encoded(png)) => Some(Picture::from_png(&png, width, height).await?),
            Some(kept) => Some(kept.picture().await?),
        })
    }

    /// Hands pixels over to the browser as they are, where they take no memory of the page.
    pub(super) fn put_aside(&self) {
        if let Some(Kept::Pixels(Picture { width, height, pixels })) = self.kept()
            // Without room for them they stay in memory: nothing is lost.
            && let Ok(pixels) = pixels.to_blob("")
        {
            self.keep(Kept::Raw { width, height, pixels });
        }
    }

    pub(super) fn keep(&self, kept: Kept) {
        *self.0.borrow_mut() = Some(kept);
    }

    pub(super) fn kept(&self) -> Option<Kept> {
        self.0.borrow().clone()
    }
}

impl Kept {
    /// Shows it in a canvas that takes this size.
    pub(super) async fn paint(self, canvas: &Canvas, width: u32, height: u32) -> Result<(), Error> {
        if let Self::Encoded(png) = self {
            return canvas.paint_file(&png, width, height).await;
        }
        let picture = self.picture().await?;
        canvas.paint(&picture)?;
        if (picture.width, picture.height) != (width, height) {
            drop(canvas.shrink(width, height)?);
        }
        Ok(())
    }

    /// The pixels of what is not encoded yet.
    async fn picture(self) -> Result<Picture, Error> {
        match self {
            Self::Pixels(picture) => Ok(picture),
            Self::Raw { width, height, pixels } => {
                Ok(Picture { width, height, pixels: Payload::from_blob(&pixels).await? })
            }
            Self::Encoded(_) => Err(Error::new("InvalidStateError", "the photo is encoded already")),
        }
    }
}
