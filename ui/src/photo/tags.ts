/** Where the label of a mark goes: beside its box, never over what the box shows, never over another label. */

/** In pixels of the screen. */
export interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface TagWish {
  box: Area;
  width: number;
  height: number;
  /** Gets a place even where there is no free one. */
  isNeeded: boolean;
}

/** Places in the order of the wishes; null where a label would cover another, or what is `taken` already. */
export function placeTags(wishes: TagWish[], room: Area, gap: number, already: Area[] = []): (Area | null)[] {
  const taken = [...already];
  return wishes.map((wish) => {
    const places = candidates(wish, gap).map((place) => pushedInto(place, wish, room));
    const fitting = places.filter((place): place is Area => place !== null);
    const free = fitting.find((place) => !taken.some((other) => overlaps(place, other)));
    const chosen = free ?? (wish.isNeeded ? (fitting[0] ?? within(insideOf(wish, gap), room)) : null);
    if (chosen) taken.push(chosen);
    return chosen;
  });
}

function candidates(wish: TagWish, gap: number): Area[] {
  const { box, width, height } = wish;
  const right = box.x + box.width - width;
  const above = box.y - height - gap;
  const below = box.y + box.height + gap;
  const beside = [
    { x: box.x - gap, y: above, width, height },
    { x: right + gap, y: above, width, height },
    { x: box.x - gap, y: below, width, height },
    { x: right + gap, y: below, width, height },
    { x: box.x + box.width + gap, y: box.y, width, height },
    { x: box.x - width - gap, y: box.y, width, height },
  ];
  // In a corner of a large box a label covers next to nothing.
  const isRoomy = box.width > 3 * width && box.height > 6 * height;
  return isRoomy ? [beside[0] as Area, insideOf(wish, gap), ...beside.slice(1)] : beside;
}

function insideOf({ box, width, height }: TagWish, gap: number): Area {
  return { x: box.x + gap, y: box.y + gap, width, height };
}

/** The place, shifted along the box's edge into the room; null when it is outside of the room or would meet the box. */
function pushedInto(place: Area, wish: TagWish, room: Area): Area | null {
  const shifted = within(place, room);
  const isShiftedAcross = shifted.y !== place.y;
  if (isShiftedAcross) return null;
  const isBeside = place.x >= wish.box.x + wish.box.width || place.x + place.width <= wish.box.x;
  return isBeside && shifted.x !== place.x ? null : shifted;
}

function within(place: Area, room: Area): Area {
  return {
    ...place,
    x: Math.max(room.x, Math.min(room.x + room.width - place.width, place.x)),
    y: Math.max(room.y, Math.min(room.y + room.height - place.height, place.y)),
  };
}

function overlaps(one: Area, other: Area): boolean {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}
