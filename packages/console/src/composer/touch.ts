/** Whether one writes with fingers alone. */
export const isTouch = matchMedia('(hover: none) and (pointer: coarse)')
