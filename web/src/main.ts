// Mounts the page; nothing else.

import { mount } from 'svelte';
import App from './App.svelte';
import './styles/reset.css';
import './styles/tokens.css';
import './styles/base.css';

mount(App, { target: document.getElementById('app')! });
