// Browsers do not fit a picture to a frame: the frame is given the picture's size, and made as small as there is room.
(() => {
  "use strict";
  const frame = document.querySelector("iframe.image"), room = frame.parentElement, picture = new Image();
  const fit = () => {
    const {naturalWidth: width, naturalHeight: height} = picture;
    const share = Math.min(1, room.clientWidth / width, innerHeight * 0.75 / height);
    Object.assign(frame.style, {width: `${width}px`, height: `${height}px`, transform: `scale(${share})`});
    room.style.height = `${height * share}px`;
    frame.style.marginLeft = `${Math.max(0, (room.clientWidth - width * share) / 2)}px`;
  };
  picture.addEventListener("load", () => { room.classList.add("fitted"); fit(); addEventListener("resize", fit); });
  picture.src = frame.src;
})();
