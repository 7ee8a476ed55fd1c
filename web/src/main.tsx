import { render } from 'preact';

render(<h1>plainfilm</h1>, document.getElementById('page')!);
