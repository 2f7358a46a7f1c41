// Blocks that scroll sideways can be reached with the keyboard; blocks that do not, need not be.
function markScrollable() {
  for (const block of document.querySelectorAll("div.highlight pre, div.math, div.table-wrapper")) {
    if (block.scrollWidth > block.clientWidth) {
      block.tabIndex = 0;
    } else {
      block.removeAttribute("tabindex");
    }
  }
}

window.addEventListener("resize", markScrollable);
document.addEventListener("change", markScrollable); // another tab is shown
document.addEventListener("toggle", markScrollable, true); // a solution is unfolded
markScrollable();

// The theme has two side bars; a screen reader tells them apart by their names.
document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", "All pages");
document.querySelector(".toc-drawer")?.setAttribute("aria-label", "This page");

// The side bar opens where the page's own entry is in its middle.
const sideBar = document.querySelector(".sidebar-scroll");
const ownEntry = sideBar?.querySelector(".current-page > a");
if (ownEntry) {
  const below = ownEntry.getBoundingClientRect().top - sideBar.getBoundingClientRect().top;
  sideBar.scrollBy({ top: below - sideBar.clientHeight / 2, behavior: "instant" });
}

// Opened from the disk, a page may not read others: the search lists its finds without extracts.
if (window.location.protocol === "file:") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}

// All tabs of a page switch together, so what stands above changes its height: the tab that was
// chosen stays under the finger.
function keepInPlace(event) {
  const tabs = event.target.closest?.(".sd-tab-set");
  if (tabs) {
    const before = tabs.getBoundingClientRect().top;
    requestAnimationFrame(() =>
      window.scrollBy({ top: tabs.getBoundingClientRect().top - before, behavior: "instant" }),
    );
  }
}

document.addEventListener("click", keepInPlace, true);
document.addEventListener("keydown", keepInPlace, true);
