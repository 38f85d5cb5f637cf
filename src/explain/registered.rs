//! What the registries say of an entity: its device, area and labels, each with the name that people know it by.

use serde::Serialize;

use crate::permission::{self, Origin, Registry};

#[derive(Debug, Serialize)]
pub(crate) struct Registered<'a> {
    pub(crate) entity_id: &'a str,
    pub(crate) id: &'a str,
    /// Its own area, which Home Assistant's permissions ignore.
    pub(crate) own_area: Option<&'a str>,
    /// Its own labels, which only configured groups know.
    pub(crate) own_labels: &'a [String],
    /// The device that its record names, when that is not there or another was found for it.
    pub(crate) named_device: Option<&'a str>,
    pub(crate) device: Option<Device<'a>>,
    pub(crate) area: Option<Area<'a>>,
    #[serde(skip)]
    pub(crate) names: Names<'a>,
}

/// The device that the entity belongs to.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Device<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: Option<&'a str>,
    pub(crate) part_of: Option<&'a str>,
    pub(crate) labels: &'a [String],
}

/// The area of the device.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Area<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: Option<&'a str>,
    /// The device whose area it is: the entity's own, or the one that this is a part of.
    pub(crate) of_device: &'a str,
}

/// What areas and labels are called; nothing when there are no registries.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Names<'a>(Option<&'a Registry>);

impl<'a> Registered<'a> {
    /// The entity behind an explanation, and the registries that it stands in.
    pub(crate) fn new(origin: Origin<'a>, registry: Option<&'a Registry>) -> Self {
        let Origin { entity, device, area } = origin;
        let found = device.map(permission::Device::id);
        let area = device.zip(area).map(|(device, area)| Area {
            id: area.id,
            name: area.name,
            of_device: device.parent_id().filter(|_| device.area_is_its_parent_s()).unwrap_or(device.id()),
        });
        let device = device.map(|device| Device {
            id: device.id(),
            name: device.name(),
            part_of: device.parent_id(),
            labels: device.labels(),
        });
        Self {
            entity_id: &entity.entity_id,
            id: &entity.id,
            own_area: entity.area_id.as_deref(),
            own_labels: &entity.labels,
            named_device: entity.device_id.as_deref().filter(|&named| Some(named) != found),
            device,
            area,
            names: Names(registry),
        }
    }
}

impl<'a> Names<'a> {
    pub(crate) fn area(self, id: &str) -> Option<&'a str> {
        Some(self.0?.area(id)?.name.as_str())
    }

    pub(crate) fn label(self, id: &str) -> Option<&'a str> {
        Some(self.0?.label(id)?.name.as_str())
    }
}
