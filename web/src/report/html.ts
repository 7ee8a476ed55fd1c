/** The report on the page as a file of its own: no script, nothing loaded from anywhere. */
import style from './report.css?raw';

const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/** One HTML file of a report that stands in the page. */
export function htmlReport(report: Element, title: string): string {
  const language = report.getAttribute('lang') ?? 'en';
  const name = title.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<!DOCTYPE html>
<html lang="${language}" dir="${report.getAttribute('dir') ?? 'ltr'}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${name}</title>
<style>${style}</style>
</head>
<body>${report.outerHTML}</body>
</html>
`;
}
