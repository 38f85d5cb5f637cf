// What makes our pages handier; they work without it.

for (const button of document.querySelectorAll('button[data-copy]')) {
  const text = document.querySelector(button.dataset.copy);
  button.hidden = !navigator.clipboard;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(text.textContent);
    button.textContent = button.dataset.copied;
  });
}

for (const button of document.querySelectorAll('button[data-reveal]')) {
  const field = document.querySelector(button.dataset.reveal);
  button.hidden = false;
  button.addEventListener('click', () => {
    const shows = field.type === 'password';
    field.type = shows ? 'text' : 'password';
    button.setAttribute('aria-pressed', String(shows));
  });
  // The browser would not offer to keep what is typed into a field that is shown.
  field.form.addEventListener('submit', () => { field.type = 'password'; });
}
